"""`make monitor`: starts it, and says where everything is and what Prometheus can read."""

from __future__ import annotations

from rich.console import Console

from local.machine.checkout import Checkout
from local.monitoring import grafana
from local.monitoring.watching import Target, start


def monitor(checkout: Checkout, console: Console) -> None:
    """Start all, and print the addresses and the state of each target."""
    with console.status("Starting Prometheus"):
        watched = start(checkout)
    with console.status("Starting Grafana"):
        grafana_said = grafana.start(checkout, watched.prometheus)
    say = console.print
    url = watched.prometheus
    say(f"[bold green]Prometheus on {url}[/bold green]   alerts: {url}/alerts", soft_wrap=True)
    if watched.alertmanager:
        say(f"Alertmanager: {watched.alertmanager}")
    say(grafana_said, markup=False, soft_wrap=True)
    for target in watched.targets:
        say(_line(target), markup=False, soft_wrap=True)
    if watched.missing:
        say(f"Not installed: {', '.join(watched.missing)}", soft_wrap=True)
    say("Logs: .local/log/   Stop: make monitor-down")


def _line(target: Target) -> str:
    error = f"   {target.error}" if target.error else ""
    return f"  {target.health:7}  {target.job:12}  {target.url.partition('?')[0]}{error}"
