"""The desk's door: one request in, one complete page (or a redirect with the acts to record) out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from py_core.desk import (
    absence_page,
    act_form,
    alerts,
    approvals,
    calendar_file,
    case_page,
    centre,
    city_calendar_page,
    city_new_offer_page,
    city_offers_page,
    city_publish_page,
    city_rules_page,
    devices_page,
    keeping_page,
    late_work_page,
    lost_device,
    missing_acts,
    public_status,
    reconciliation,
    register,
    reporter_page,
    slips,
    sync_page,
    today,
    veto_register,
    visit_form,
    visit_list,
    visit_page,
    visit_plan,
    visit_print,
)
from py_core.desk.case_list import show_cases
from py_core.desk.enterprises import show_enterprise
from py_core.desk.frame import first_page, redirect
from py_core.desk.ports import Identity, Request, Response, Store, Surroundings
from py_core.desk.problems import problem
from py_core.desk.turn import Turn

_CASE = r"(?P<case_id>[0-9a-f]{32})"
_VISIT = r"(?P<visit_id>[0-9a-f]{32})"


@dataclass(frozen=True, slots=True)
class Route:
    """A path with its handlers by method and the right of `rights.toml` that it needs ("": everybody signed in).

    `looks`: its POST records nothing. `proof`: its POST cannot be undone, so a sign-in of long ago is not enough for it.
    A device that has not met the record for too long (`py_core.lease`) shows only what may be seen `without_lease`.
    """

    path: re.Pattern[str]
    handlers: Mapping[str, Callable[..., Response]]
    right: str = ""
    public: bool = False
    server_only: bool = False
    looks: bool = False
    proof: bool = False
    without_lease: bool = False


def _route(
    path: str,
    get: Callable[..., Response],
    post: Callable[..., Response] | None = None,
    *,
    right: str = "read_cases",
    public: bool = False,
    server_only: bool = False,
    looks: bool = False,
    proof: bool = False,
    without_lease: bool = False,
) -> Route:
    handlers = {"GET": get} | ({"POST": post} if post else {})
    return Route(re.compile(path), handlers, right, public, server_only, looks, proof, without_lease)


ROUTES = (
    _route(r"/", lambda turn: redirect(first_page(turn)), right=""),
    _route(r"/today", today.show_today, right=""),
    _route(r"/today/alerts", alerts.show_alerts),
    _route(r"/today/calendar", calendar_file.show_calendar),
    _route(r"/absence", absence_page.show_absence, absence_page.take_absence, right="work_on_cases"),
    _route(r"/register", register.show_register, register.take_register, right="work_on_cases"),
    _route(r"/register/similar", register.show_register, register.show_similar, right="work_on_cases", looks=True),
    _route(r"/cases", show_cases, show_cases, looks=True),
    _route(rf"/cases/{_CASE}", case_page.show_case),
    _route(
        rf"/cases/{_CASE}/do/(?P<command>[a-z_]{{1,40}})",
        act_form.show_act_form,
        act_form.take_act,
        right="work_on_cases",
    ),
    _route(rf"/cases/{_CASE}/slips/(?P<form>F-\d\d)", slips.show_slip, slips.take_print),
    _route(r"/visits", visit_list.show_visits),
    _route(r"/visits/plan", visit_plan.show_plan, visit_plan.take_plan, right="go_on_visits"),
    _route(rf"/visits/{_VISIT}", visit_page.show_visit),
    _route(
        rf"/visits/{_VISIT}/do/(?P<command>[a-z_]{{1,40}})",
        visit_form.show_visit_form,
        visit_form.take_visit_act,
        right="go_on_visits",
    ),
    _route(rf"/visits/{_VISIT}/record", visit_print.show_record),
    _route(r"/enterprises/(?P<key>[0-9A-Za-z-]{1,40})", show_enterprise),
    _route(r"/approvals", approvals.show_approvals),
    _route(r"/slips", slips.show_index),
    _route(r"/slips/(?P<form>F-\d\d)/(?P<of>[A-Za-z0-9._-]{1,64})", slips.show_sheet),
    _route(r"/sync", sync_page.show_sync, right="", without_lease=True),
    _route(r"/centre", centre.show_overview, right="see_centre", server_only=True),
    _route(
        r"/centre/cases",
        centre.show_city_list,
        centre.show_city_list,
        right="read_whole_city",
        server_only=True,
        looks=True,
    ),
    _route(r"/centre/reconciliation", reconciliation.show_queue, right="read_whole_city", server_only=True),
    _route(
        rf"/centre/reconciliation/{_CASE}",
        reconciliation.show_decision,
        reconciliation.take_decision,
        right="read_whole_city",
        server_only=True,
    ),
    _route(r"/centre/keeping", keeping_page.show_keeping, right="see_keeping", server_only=True),
    _route(
        rf"/centre/keeping/{_CASE}",
        keeping_page.show_hold,
        keeping_page.take_hold,
        right="hold_content",
        server_only=True,
    ),
    _route(
        rf"/centre/reporter/{_CASE}",
        reporter_page.show_reporter,
        reporter_page.take_reporter,
        server_only=True,
    ),
    _route(r"/centre/vetoes", veto_register.show_vetoes, right="read_whole_city", server_only=True),
    _route(r"/centre/quarantine", late_work_page.show_quarantine, right="read_whole_city", server_only=True),
    _route(
        r"/centre/quarantine/(?P<item>\d{1,9})",
        late_work_page.show_late_work,
        late_work_page.take_late_work,
        right="decide_contradictions",
        server_only=True,
    ),
    _route(r"/centre/devices", devices_page.show_devices, right="see_devices", server_only=True),
    _route(
        r"/centre/devices/(?P<device>[0-9a-f]{32})",
        devices_page.show_withdrawal,
        devices_page.take_withdrawal,
        right="withdraw_devices",
        server_only=True,
        proof=True,
    ),
    _route(
        r"/centre/devices/(?P<device>[0-9a-f]{32})/missing",
        missing_acts.show_missing,
        missing_acts.take_missing,
        right="withdraw_devices",
        server_only=True,
    ),
    _route(
        r"/centre/devices/(?P<device>[0-9a-f]{32})/lost",
        lost_device.show_lost,
        right="report_lost_devices",
        server_only=True,
    ),
    _route(r"/centre/rules", city_rules_page.show_rules, right="change_city_rules", server_only=True),
    _route(
        r"/centre/rules/(?P<policy>P-\d\d)",
        city_rules_page.show_policy,
        city_rules_page.take_policy,
        right="change_city_rules",
        server_only=True,
    ),
    _route(
        r"/centre/rules/(?P<pack>[A-Za-z]{1,20})/(?P<setting>[\w().-]{1,60})",
        city_rules_page.show_setting,
        city_rules_page.take_setting,
        right="change_city_rules",
        server_only=True,
    ),
    _route(r"/centre/offers", city_offers_page.show_offers, right="change_city_rules", server_only=True),
    _route(
        r"/centre/offers/new",
        city_new_offer_page.show_new_offer,
        city_new_offer_page.take_new_offer,
        right="change_city_rules",
        server_only=True,
    ),
    _route(
        r"/centre/offers/(?P<offer>[a-z0-9.-]{1,64})",
        city_offers_page.show_offer,
        city_offers_page.take_offer,
        right="change_city_rules",
        server_only=True,
    ),
    _route(r"/centre/calendar", city_calendar_page.show_calendar, right="change_city_rules", server_only=True),
    _route(
        r"/centre/calendar/publish",
        city_publish_page.show_publish,
        city_publish_page.take_publish,
        right="change_city_rules",
        server_only=True,
    ),
    _route(
        r"/public/status",
        public_status.show_public_status,
        public_status.show_public_status,
        right="",
        public=True,
        server_only=True,
        looks=True,
    ),
)


# Pages that the server makes without the desk; the device is asked for them when the network is away.
_OF_SERVER = re.compile(r"/(account|calendar|centre)(/|$)")


def has_page(path: str) -> bool:
    """Whether the desk answers at this address; the server has pages of its own beside it."""
    return any(route.path.fullmatch(path.rstrip("/") or "/") for route in ROUTES)


def only_looks(path: str) -> bool:
    """Whether a POST to this address records nothing: it posts only so that what is looked for is in no address."""
    return any(route.looks and route.path.fullmatch(path.rstrip("/")) for route in ROUTES)


def asks_proof(path: str) -> bool:
    """Whether a POST to this address is only for somebody who signed in a few minutes ago."""
    return any(route.proof and route.path.fullmatch(path.rstrip("/")) for route in ROUTES)


def respond(request: Request, store: Store, identity: Identity, surroundings: Surroundings) -> Response:
    """Answers one request of a signed-in person (or of anybody, for public pages).

    Never raises for what a person can send; a fault of the program itself is left to the host, which shows
    `problem_page(500, "server_error")`.
    """
    turn = Turn(request, store, identity, surroundings)
    path = request.path.rstrip("/") or "/"
    for route in ROUTES:
        found = route.path.fullmatch(path)
        if found is None:
            continue
        if turn.person is None and not route.public:
            return problem(turn, 401, "signed_out")
        if route.right and not turn.may(route.right):
            return problem(turn, 403, "not_allowed")
        if turn.lease is not None and turn.lease.is_over and not route.without_lease:
            return problem(turn, 403, "lease_over")
        if route.server_only and surroundings.where == "device":
            return problem(turn, 503, "needs_network")
        handler = route.handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            return problem(turn, 405, "method")
        return handler(turn, **found.groupdict())
    if surroundings.where == "device" and _OF_SERVER.match(path):
        return problem(turn, 503, "needs_network")
    return problem(turn, 404, "unknown_page")
