"""Who signed and by which texts an evidence file works: registry, enrolments, directory, law, actors."""

from __future__ import annotations

import hashlib
from typing import Any

from py_core import merkle
from py_core.change import actor_sign_bytes
from py_core.checkpoint import registry_leaf
from py_core.enrolment import enrolment_sign_bytes, read_enrolment
from py_core.errors import Malformed
from py_core.evidence.ground import Ground, KnownDevice, at
from py_core.evidence.lines import Line
from py_core.inventory import INVENTORY, read_inventory
from py_core.merkle import Head
from py_core.views.language import N_
from py_core.wire import read_json_object


def check_registry(ground: Ground) -> None:
    """Every entry is in the registry that the checkpoint stands for."""
    checkpoint = ground.known.checkpoint
    for line in ground.file.all("registry"):
        head = Head(0, merkle.EMPTY_ROOT) if checkpoint is None else checkpoint.registry
        path = [bytes.fromhex(step) for step in line["path"]]
        if not merkle.included(registry_leaf(line["text"]), line["n"], head.size, path, head.root):
            ground.findings.wrong(at(line), N_("this entry is not in the registry that the checkpoint stands for"))
            continue
        try:
            _take_entry(ground, line["n"], line["text"])
        except (Malformed, KeyError, TypeError, ValueError, AttributeError) as error:
            ground.findings.wrong(at(line), N_("the registry's entry cannot be read: %(why)s"), why=str(error))


def _take_entry(ground: Ground, n: int, text: str) -> None:
    known = ground.known
    entry: dict[str, Any] = read_json_object(text.encode())
    if entry["kind"] == "device":
        key = bytes.fromhex(entry["public_key"])
        known.devices[entry["device"]] = KnownDevice(entry["user"], entry["alg"], key, enrolment=entry["enrolment"])
    elif entry["kind"] == "device_withdrawn":
        known.withdrawn[entry["device"]] = int(entry["at_ms"])
        known.endings[n] = registry_leaf(text).hex()
    elif entry["kind"] == "device_frozen":
        known.frozen[entry["device"]] = int(entry["device_seq"])
        known.endings[n] = registry_leaf(text).hex()
    elif entry["kind"] == "directory":
        known.directories[int(entry["version"])] = str(entry["sha256"])
        known.directory_at = n
    elif entry["kind"] == "law":
        known.law = {str(path): str(sha256) for path, sha256 in entry["files"].items()}
        known.law_at = n
    elif entry["kind"] == INVENTORY:
        known.inventories[n] = read_inventory(entry)


def check_enrolments(ground: Ground) -> None:
    """Whose a device's key is, by its own and the record's signature."""
    vouched = set()
    for line in ground.file.all("enrolment"):
        device = ground.known.devices.get(line["device"])
        try:
            enrolment = read_enrolment(line["text"])
        except (Malformed, UnicodeError) as error:
            ground.findings.wrong(at(line), N_("the enrolment record cannot be read: %(why)s"), why=str(error))
            continue
        if device is None or _sha256(line["text"]) != device.enrolment or enrolment.device != line["device"]:
            ground.findings.wrong(at(line), N_("the enrolment record is not the one in the registry"))
        elif (enrolment.user, enrolment.alg, enrolment.public_key) != (
            device.user, device.alg, device.public_key.hex(),
        ):  # fmt: skip
            ground.findings.wrong(at(line), N_("the enrolment record names another person or key"))
        elif not ground.verifies(
            device.alg, device.public_key, bytes.fromhex(enrolment.asked), enrolment.asked_bytes
        ) or not _signed(ground, line, 0):
            ground.findings.wrong(at(line), N_("the enrolment record is not signed by the device and the record"))
        elif _signed(ground, line, enrolment.enrolled_at_ms):  # else it is only the record's word, which is said below
            vouched.add(line["device"])
            message = N_("device %(device)s (%(name)s) was enrolled for %(user)s: it and the record have signed it")
            ground.findings.proven(at(line), message, device=enrolment.code, name=enrolment.name, user=enrolment.user)
    for device_id, device in ground.known.devices.items():
        if device.user is not None and device_id not in vouched:
            message = N_("that the key of device %(device)s is %(user)s's is only the record's word")
            ground.findings.open("", message, device=device_id, user=device.user)


def _signed(ground: Ground, line: Line, at_ms: int) -> bool:
    """Whether the record signed an enrolment with a key that it still had at a moment; 0: with any of its keys."""
    return ground.signed_by_record(bytes.fromhex(line["sig"]), enrolment_sign_bytes(line["text"]), at_ms)


def check_texts(ground: Ground) -> None:
    """Directory and law are the texts that the registry holds the hashes of."""
    for line in ground.file.all("directory"):
        if ground.known.directories.get(line["version"]) != _sha256(line["text"]):
            ground.findings.wrong(at(line), N_("this directory is not the one that the registry holds the hash of"))
    versions = {line["version"] for line in ground.file.all("directory")}
    if versions != set(ground.known.directories) or len(versions) != 1:
        ground.findings.wrong("", N_("the file does not have the one directory that the record worked with"))
    texts = {line["path"]: line for line in ground.file.all("law")}
    for path, line in texts.items():
        if ground.known.law.get(path) != _sha256(line["text"]):
            ground.findings.wrong(at(line), N_("%(path)s is not the text that the record worked with"), path=path)
    for path in sorted(ground.known.law.keys() - texts.keys()):
        ground.findings.wrong("", N_("%(path)s, which the record worked with, is missing"), path=path)


def check_actors(ground: Ground) -> None:
    """Every actor was announced by its device."""
    for line in ground.file.all("actor"):
        device = ground.known.devices.get(line["device"])
        signature = bytes.fromhex(line["sig"])
        if device is None:
            ground.findings.wrong(at(line), N_("device %(device)s is not in the registry"), device=line["device"])
        elif line["alg"] != device.alg or not ground.verifies(
            device.alg, device.public_key, signature, actor_sign_bytes(line["actor"], line["device"])
        ):
            ground.findings.wrong(at(line), N_("the announcement of this actor is not signed by its device"))
        else:
            ground.known.actors[line["actor"]] = line["device"]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
