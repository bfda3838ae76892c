"""Wrong use of a command, in the language that was asked for: what is wrong, how the command is used, where its help is.

The library that reads the command line speaks English only; what it says is recognized here by its wording. What is not
recognized stands as it is, so that nothing is lost when the library says something new.
"""

import re

from typer.exceptions import TyperException

from zhida.errors import Language

SENTENCES: tuple[tuple[str, str], ...] = (
    (r"No such command '(?P<name>.+?)'\.?", "没有命令 {name}"),
    (r"No such command '(?P<name>.+?)'\. Did you mean '(?P<near>.+?)'\?", "没有命令 {name}；是否想写 {near}？"),
    (r"No such option: (?P<name>\S+)", "没有选项 {name}"),
    (r"No such option: (?P<name>\S+) \(Possible options: (?P<near>.+)\)", "没有选项 {name}；是否想写 {near}？"),
    (r"Missing argument '(?P<name>.+?)'\.", "缺少参数 {name}"),
    (r"Missing option '(?P<name>.+?)'\.", "缺少选项 {name}"),
    (r"Missing command\.", "缺少命令"),
    (r"Option '(?P<name>.+?)' requires an argument\.", "选项 {name} 后面要写值"),
    (r"Option '(?P<name>.+?)' does not take a value\.", "选项 {name} 不带值"),
    (r"Got unexpected extra argument\S* \((?P<name>.+)\)", "多出的参数：{name}"),
    (
        r"Invalid value for '(?P<name>.+?)': Value error, '(?P<value>.*)' is not one of (?P<known>.+?)\.?",
        "{name}：“{value}”不是 {known} 之一",
    ),
    (r"Invalid value for '(?P<name>.+?)': Input should be greater than or equal to (?P<least>\S+)", "{name} 至少为 {least}"),
    (r"Invalid value for '(?P<name>.+?)': Input should be a valid integer.*", "{name} 应为整数"),
)
"""What the library says, and the same in Chinese."""


def misuse_text(error: TyperException, language: Language) -> str:
    """Return what to tell whoever called a command wrongly; an empty text where its help was shown already."""
    said = error.format_message().strip()
    if not said:
        return ""
    context = getattr(error, "ctx", None)
    if language == "en":
        lines = [f"error: {_english(error.message, said)}"]
        if context is not None:
            lines += [f"   {context.get_usage()}", f"   Help and examples: {context.command_path} --help"]
    else:
        lines = [f"错误：{_chinese(error.message, said)}"]
        if context is not None:
            usage = context.get_usage().removeprefix("Usage: ")
            lines += [f"   用法：{usage}", f"   说明和例子：{context.command_path} --help"]
    return "\n".join(lines)


def _english(own: str, said: str) -> str:
    """Return our own words, which come in both languages, or the library's."""
    return own.partition(" | ")[2] or said.replace("Value error, ", "")


def _chinese(own: str, said: str) -> str:
    if " | " in own:
        return own.partition(" | ")[0]
    for pattern, chinese in SENTENCES:
        if found := re.fullmatch(pattern, said, re.DOTALL):
            said_words = {name: value.replace("', '", "、").strip("'") for name, value in found.groupdict().items()}
            return chinese.format_map({name: value.replace(", ", "、") for name, value in said_words.items()})
    return said
