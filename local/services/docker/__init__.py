"""The servers in containers, through the Docker SDK.

Not through `compose.yaml`: each checkout has names, ports and passwords of its own, and tests kill,
freeze and restart single servers; compose would need as much code around it.
"""
