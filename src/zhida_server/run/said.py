"""What the commands of a site say when they cannot go on: why, and what to do, in both languages."""

from zhida.errors import Language


class SiteError(Exception):
    """A command cannot go on.

    >>> SiteError("没有文件夹", "no such folder").text("en")
    'no such folder'
    """

    def __init__(self, zh: str, en: str, *, is_misuse: bool = False) -> None:
        """Keep what to tell.

        Args:
            zh: What happened and what to do.
            en: The same in English.
            is_misuse: Whether the command was called with what cannot be.
        """
        super().__init__(en)
        self.zh = zh
        self.en = en
        self.is_misuse = is_misuse

    def text(self, language: Language) -> str:
        """Return what to tell in a language."""
        return self.zh if language == "zh" else self.en
