"""A process that ends when the process that started it is gone, however that one ended."""

import os
import signal
import threading
import time

LOOK_SECONDS, GRACE_SECONDS = 0.5, 5.0
"""How often it looks, and how long it has to end by itself."""


def end_with_parent() -> None:
    """Watch the parent from a thread; once it is gone, this process is asked to end, and then made to."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()
