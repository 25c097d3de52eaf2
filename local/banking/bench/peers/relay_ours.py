"""Our relay: the resend sweep, exactly as the schedule and `POST /events/resend` run it."""

from __future__ import annotations

from chalicelib.banking.events.resend import resend_filters
from chalicelib.banking.events.scope import Scope
from chalicelib.banking.wiring import parts
from local.bench.peers.stopwatch import Result, Stopwatch, Task, tell


def drain(task: Task) -> Result:
    """Run the sweep until nothing is left or the time is up.

    A single instance needs one sweep. With two, one may hold an event for which the other must wait.
    """
    filters = resend_filters(parts().settings, Scope())
    parts().resend.count(filters)  # connect to the database; the sweep connects to the broker
    watch = Stopwatch()
    done = 0
    while watch.seconds < task.seconds and parts().resend.count(filters):
        done += parts().resend.run(filters, task.seconds - watch.seconds).succeeded
    return watch.stop(done)


if __name__ == "__main__":
    tell(drain(Task.from_environment()))
