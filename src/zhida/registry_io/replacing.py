"""One way to write a file: beside the old one, to the disk, then in its place.

Whatever happens on the way (Ctrl-C, a full disk), the old file is still there and nothing half-written is left.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from zhida.errors import InputError, diagnostic

_FULL = (
    "磁盘已满",
    "请腾出空间，或用 --out 写到别的盘，再运行一次",
    "free some space, or write to another disk with --out, and run it again",
)
_FORBIDDEN = ("没有写的权限", "请改权限，或用 --out 写到别处", "change the permissions, or write elsewhere with --out")
_A_FILE = (
    "那里已有一个文件，不是文件夹",
    "请移走该文件，或用 --out 指明别的文件夹",
    "move that file away, or name another folder with --out",
)
REFUSALS: Mapping[int, tuple[str, str, str]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: ("配额已满", *_FULL[1:]),
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: ("该盘只读", "请用 --out 写到可写的盘", "write to another disk with --out"),
    errno.EEXIST: _A_FILE,
    errno.ENOTDIR: ("路径中有一段是文件，不是文件夹", *_A_FILE[1:]),
    errno.EISDIR: ("那里是文件夹，不是文件", "请换一个文件名", "name another file"),
}
"""What the operating system says when it refuses, in Chinese, and what to do, in Chinese and in English."""


_ROOM = ("请腾出空间，再运行一次", "free some space, and run it again")
FIXED: Mapping[int, tuple[str, str]] = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EACCES: ("请改权限，再运行一次", "change the permissions, and run it again"),
    errno.EPERM: ("请改权限，再运行一次", "change the permissions, and run it again"),
    errno.EROFS: ("请把它放到可写的盘上，再运行一次", "put it on a disk that can be written to, and run it again"),
}
"""What to do about a file that cannot be written elsewhere, in Chinese and in English."""


@contextmanager
def replacing(path: Path | str, *, is_fixed: bool = False) -> Iterator[Path]:
    """Give a new file to write that takes the place of `path` when the block ends well.

    The old file stays until then. If the block fails, is interrupted, or the disk is full, the new file is removed and
    the old one is untouched.

    Args:
        path: The file to be replaced; its folder must exist. What is there and is no file (a device, a pipe) stays.
        is_fixed: Whether it cannot be written elsewhere: then nobody is told to.

    Raises:
        InputError: registry-write-failed, where the operating system refuses, or what is there is no file.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():  # a rename would put a file in the place of a device, for everybody
        code = errno.EISDIR if target.is_dir() else errno.EINVAL
        raise write_failed(path, OSError(code, os.strerror(code)), is_fixed=is_fixed)
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        # Opened here so that the file has the permissions that the user's own mask gives.
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise write_failed(path, error, is_fixed=is_fixed) from error
    try:
        yield new
        settle(new)
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    except OSError as error:
        raise write_failed(path, error, is_fixed=is_fixed) from error
    finally:
        with suppress(FileNotFoundError):
            new.unlink()
    with suppress(OSError):  # some file systems cannot settle a folder; the file itself is safe
        settle(target.parent)


def settle(path: Path) -> None:
    """Wait until what was written to a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_failed(path: Path | str, error: OSError, *, is_fixed: bool = False) -> InputError:
    """Return the error that says why a file or folder could not be written; `is_fixed` of what cannot be written elsewhere."""
    reason = error.strerror or str(error)
    reason_zh, advice_zh, advice = REFUSALS.get(error.errno or 0, (reason, "", ""))
    if is_fixed:
        advice_zh, advice = FIXED.get(error.errno or 0, ("", ""))
    words = {"reason": reason, "reason_zh": reason_zh, "advice": advice, "advice_zh": advice_zh}
    return InputError([diagnostic("registry-write-failed", None, path=path, **words)])
