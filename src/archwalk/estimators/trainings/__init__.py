"""What trains, pools, limits and stores, whatever is trained: images and policies stand on it."""
