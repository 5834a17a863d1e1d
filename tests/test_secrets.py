"""No password in what is shown, in any form that libpq reads."""

import pytest

from archwalk.estimators.store import store_name
from archwalk.secrets import hide_secrets

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://user:{SECRET}@host/name",
        f"postgresql://:{SECRET}@host/name",
        f"postgresql://user:{SECRET}@@host/name",
        f"postgresql://user:{SECRET}/@host:5432/name",
        f"postgresql+psycopg://user:{SECRET}@one:1,two:2/name?target_session_attrs=any",
        f"postgresql://host/name?password={SECRET}",
        f"postgresql://host/name?user=me&password={SECRET}&sslmode=require",
        f"postgresql://host/name?pass%77ord={SECRET}",
        f"postgresql://host/name?PASSWORD={SECRET}",
        f"postgresql://host/name?sslpassword={SECRET}",
        f"postgresql://host/name?oauth_client_secret={SECRET}",
        f"postgresql://host/name?scram_client_key={SECRET}",
        f"host=here password={SECRET} user=me",
        f"host=here password = '{SECRET} \\' {SECRET}' user=me",
        f"PGPASSWORD={SECRET} archwalk search",
        f"archwalk search --store 'postgresql://user:{SECRET}@host/name' --budget 3",
        f'connection to "postgresql://user:{SECRET}@host/name" failed: password="{SECRET}"',
    ],
)
def test_nothing_of_it_is_left(text):
    hidden = hide_secrets(text)
    assert SECRET not in hidden
    assert "***" in hidden
    assert hide_secrets(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user@host:5432/name?sslmode=require",
        "the password is asked for",
        "https://host/a?b=c&d=e",
        "cannot read /home/me@work/x.json: No such file",
        "nas-bench-graph:cora",
        "--set steps=100 --set learning_rate=1e-3",
    ],
)
def test_all_else_stays(text):
    assert hide_secrets(text) == text


@pytest.mark.parametrize(
    "url", [f"postgresql://user:{SECRET}@host/name", f"postgresql://host/name?password={SECRET}&sslmode=require",
            f"postgresql://host/name?sslp%61ssword={SECRET}"],
)  # fmt: skip
def test_the_name_of_a_store(url):
    assert SECRET not in store_name(url)
    assert "host/name" in store_name(url)
