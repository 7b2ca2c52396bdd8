"""What must hold of photographs, and of cases that a device parted with, once everybody has spoken. Raises `Broken`."""

from __future__ import annotations

from sqlalchemy import select

from py_core.cases.acts import read_act
from py_core.enclosed import attachments_of
from py_core.exchanged import LEFT_OUT
from server import record
from server.attachments import Content
from server.tables import attachment_names, attachments

from .pictures import picture
from .trace import Broken
from .world import World


def check_contents(world: World, connection: record.Connection) -> None:
    """A photograph that an act names is in the record whole, or still on its device; none is lost in between."""
    contents = {row.sha256: row for row in connection.execute(select(attachments))}
    named = {row.sha256 for row in connection.execute(select(attachment_names))}
    in_log = {entry.hash for entry in world.log}
    disks = {machine.device.name: machine.device.disk.stores for machine in world.machines}
    for name, stores in disks.items():
        for sha256, row in stores["contents"].items():
            if row["sent"] and row["act"] in in_log and sha256 not in contents:
                raise Broken(f"{name} takes the photograph {sha256[:12]} for sent, the record does not have it")
            if not row["sent"] and row["act"] in in_log:
                raise Broken(f"{name} never sent the photograph {sha256[:12]} of an act that the record has")
    for shown in world.shown:
        if (shown.machine, shown.hash) in world.lost_with_store or shown.hash in world.lost:
            continue
        word = disks[shown.machine]["outbox"].get(shown.hash, {})
        for file in attachments_of(read_act(shown.text).events):
            here = file.sha256 in disks[shown.machine]["contents"]
            if not (here or file.sha256 in contents or word.get("reason") == LEFT_OUT):
                raise Broken(f"the photograph {file.sha256[:12]} of {shown.hash[:12]} is nowhere")
            if file.sha256 not in contents:
                continue
            found = contents[file.sha256]
            content = Content(found.sha256, found.bytes, found.type, found.holder)
            whole = b"".join(world.record.parts.attachments.pieces(content, 0, content.bytes - 1))
            if whole != picture(file.name):
                raise Broken(f"the record has other bytes for the photograph {file.sha256[:12]}")
            if shown.hash in in_log and file.sha256 not in named:
                raise Broken(
                    f"nobody may read the photograph {file.sha256[:12]}: the record knows no act that names it"
                )


def check_parted(world: World) -> None:
    """What left a device came back whole, or was not its business any more."""
    for machine in world.machines:
        device = machine.device
        if device.identity.device not in world.withdrawn and device.client.left:
            raise Broken(f"{device.name} asked {sorted(device.client.left)} back in vain")
