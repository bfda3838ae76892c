"""The next step up: the smallest change that would make a subject eligible, and the ladder of titles."""
