"""A page of HTML, read as tests need it."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """Tags in order, and the text that a reader sees; fails on a tag that does not close."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "desc"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self):
        return "".join(self.texts)

    def attributes(self, name):
        return [attrs[name] for _, attrs in self.tags if name in attrs]
