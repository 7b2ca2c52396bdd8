"""One working day under each regulation, as data: who does which step on which case, in windows without network.

`tests/server/test_working_days.py` replays it in memory, `e2e/test_working_day.py` on real devices with the server
stopped. Between two windows the network is there for a moment, so that what one person did reaches the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

# Accounts of the demonstration city.
LIN, ZHAO, SUN, WU, XU, FANG = "linxiao", "zhaolei", "sunguoping", "wuhaiyan", "xujing", "fangyun"
LEAVING, STAND_IN = LIN, ZHAO  # A and B of the counter's post

PHOTOGRAPH, DRAWN = "attachments", "strokes"  # fields of forms that no keyboard fills
RECORD = "record"  # the slip of a visit


@dataclass(frozen=True)
class Step:
    """One form that one person sends: `do` is "register" or a command; `slip` the form that must print after it.

    `case` names the case or the visit; commands of a visit begin with "visit.", and `visit` is the visit in which a
    request is registered. Values are typed as they stand; {+3} is the date in three days. Choices of the register form:
    `offer` starts with "offer:" or "matter:". `PHOTOGRAPH` and `DRAWN` are no text: a picture is chosen, a signature is
    drawn.
    """

    who: str
    case: str
    do: str
    typed: Mapping[str, str] = field(default_factory=dict)
    slip: str = ""
    visit: str = ""

    @property
    def is_visit(self) -> bool:
        """Whether it is a step of a visit's own document."""
        return self.do.startswith("visit.")


@dataclass(frozen=True)
class Day:
    """Windows without network in their order; `states` is what every case must come to.

    `taken_over` are the cases that the holder of an A post began and handed over, and the holder of the B post went on
    with. By the city's A/B posts under each regulation; `passed_by` is the step by which this one lets the work pass:
    a recorded absence, the acceptance of a hand-over, or (HL-3: the unit answers, whoever works) a word in the case.
    """

    pack: str
    windows: tuple[tuple[Step, ...], ...]
    states: Mapping[str, str]
    taken_over: tuple[str, ...]
    passed_by: str

    @property
    def cases(self) -> list[str]:
        return list(dict.fromkeys(step.case for step in self.steps if not step.is_visit))

    @property
    def visits(self) -> list[str]:
        """The visits that are made; one that is cancelled has nothing to sign."""
        cancelled = {step.case for step in self.steps if step.do == "visit.cancel"}
        return [
            name for name in dict.fromkeys(step.case for step in self.steps if step.is_visit) if name not in cancelled
        ]

    @property
    def steps(self) -> Iterator[Step]:
        for window in self.windows:
            yield from window

    def handed_over(self, window: tuple[Step, ...]) -> list[str]:
        """The cases that the stand-in goes on with for the first time in this window."""
        firsts = {name: next(s for s in self.steps if (s.case, s.who) == (name, STAND_IN)) for name in self.taken_over}
        return [name for name, first in firsts.items() if first in window]

    @property
    def people(self) -> list[str]:
        return list(dict.fromkeys(step.who for step in self.steps))


def typed_on(today: date, text: str) -> str:
    """A typed value on a day: {+3} becomes the date three days later."""
    return re.sub(r"\{\+(\d+)\}", lambda found: (today + timedelta(days=int(found[1]))).isoformat(), text)


def _register(who: str, case: str, offer: str, slip: str = "", /, **typed: str) -> Step:
    told = {
        "claimant_name": "顾明华", "claimant_phone": "13800004321", "identity_told": "yes", "title": case,
        "text": f"{case}的具体情况见来件，请按规定办理。", **typed,
    }  # fmt: skip
    return Step(who, case, "register", {"offer": offer, **told}, slip)


def _do(who: str, case: str, do: str, slip: str = "", /, **typed: str) -> Step:
    return Step(who, case, do, {name.rstrip("_"): text for name, text in typed.items()}, slip)


def _ask(who: str, visit: str, case: str, offer: str, slip: str = "", /, **typed: str) -> Step:
    """A request that an enterprise makes during a visit: who asks stands in the form already."""
    told = {
        "claimant": "enterprise",
        "identity_told": "yes",
        "title": case,
        "text": f"走访时企业提出：{case}。",
        **typed,
    }
    return Step(who, case, "register", {"offer": offer, **told}, slip, visit)


def _plan(who: str, visit: str, enterprise: str, contact: str, /, **typed: str) -> Step:
    told = {"enterprise": enterprise, "address": "东湾纺织园 8 号", "contact": contact, "phone": "13800007788"}
    return Step(who, visit, "visit.plan", {**told, "on": "{+0}", **typed})


def _at(who: str, visit: str, do: str, slip: str = "", /, **typed: str) -> Step:
    return Step(who, visit, f"visit.{do}", typed, slip)


def _made(who: str, visit: str, met: str, *asked: Step, papers: str, lent: bool = False) -> tuple[Step, ...]:
    """A visit from the yard's gate to the printed receipt: requests, papers (`lent`: given back), photograph, signature."""
    return (
        _at(who, visit, "start", met=met),
        *asked,
        _at(who, visit, "take_papers", papers=papers, case=""),
        _at(who, visit, "add_files", purpose="photo", note="车间现状", **{PHOTOGRAPH: f"{visit}.jpg"}),
        _at(who, visit, "return_papers", note="原件当场退还。")
        if lent
        else _at(who, visit, "attach_papers", case=asked[0].case),
        _at(who, visit, "sign", signer=met, signed="yes", **{DRAWN: "drawn"}),
        _at(who, visit, "finish", RECORD, summary=f"{met}提出的诉求已登记，材料已收取。"),
    )


SERVICE = "offer:disability-allowance"
WH = Day(
    "WH",
    (
        (
            _register(LIN, "来信", "matter:WH:letter", channel="letter"),
            _register(LIN, "延时来信", "matter:WH:letter", channel="letter"),
            _register(LIN, "不准延时", "matter:WH:letter", channel="letter"),
            _register(LIN, "当场解释", "matter:WH:contact", outcome="done", result="已当场解释清楚。"),
            _register(LIN, "不属本镇", "matter:WH:contact", outcome="register"),
            _do(LIN, "不属本镇", "refer_out", "F-07", to_body="市教育局 0510-86000281", explanation="学籍事项由市教育局办理，已告知地址和电话。"),
            _register(LIN, "移交柳溪", "matter:WH:letter", channel="letter", outcome="register"),
            _do(LIN, "移交柳溪", "hand_over", to="liuxi", note="来信人住柳溪镇。"),
            _register(LIN, "牵头不明", "matter:WH:letter", channel="letter", outcome="register"),
            _register(LIN, "批办件", "matter:WH:instruction.general", channel="document", claimant="other_org"),
            _register(LIN, "要求十日办结", "matter:WH:superior.request", channel="document", claimant="outside_unit", limit_n="10", limit_unit="workday"),
            _register(LIN, "入库推荐", "offer:tech-sme-listing", "F-04", claimant="enterprise", signed="yes", complete="no", outcome="notice", missing="研发费用辅助账缺少上年度数据"),
            _register(LIN, "不予办理", "matter:WH:letter", channel="letter", outcome="register"),
            _register(ZHAO, "代同事登记", "matter:WH:letter", channel="letter", outcome="register"),
            _register(ZHAO, "重要交办", "matter:WH:assignment.important", channel="document"),
            _do(LIN, "延时来信", "request_extension", reason="需要向外地单位核实情况，尚未收到回函。", workdays="10"),
            _do(LIN, "不准延时", "request_extension", reason="承办人员出差。", workdays="5"),
            _do(LIN, "牵头不明", "request_lead", note="涉及柳溪镇和本镇，请指定牵头单位。"),
            _do(LIN, "不予办理", "notify_refusal", "F-06", reason="所反映事项已有生效判决，不属受理范围。",
                to_body="市人民法院", form_of_notice="written"),
            _do(LIN, "来信", "file_complaint", about="来信人投诉未主动告知经办人姓名。"),
            _plan(LIN, "走访停产厂", "星桥旧坊印染厂", "吴厂长"),
            _at(LIN, "走访停产厂", "cancel", reason="企业停产，改日联系。"),
            _plan(LIN, "走访恒泰", "星桥恒泰纺织有限公司", "钱建新"),
            _at(LIN, "走访恒泰", "note", text="带上用工政策摘要。"),
            _at(LIN, "走访恒泰", "see_phone", purpose="contact"),
            *_made(
                LIN, "走访恒泰", "钱建新",
                _ask(LIN, "走访恒泰", "车间用工难", "matter:WH:contact", outcome="register"),
                papers="用工合同原件 ×2", lent=True,
            ),
            _do(LIN, "车间用工难", "hand_over", to="xingqiao", note="明日起外出，移交备岗赵磊接手办理。"),
        ),
        (
            _do(WU, "延时来信", "approve_extension", "F-12", opinion="同意延时十个工作日，抓紧核实。"),
            _do(WU, "不准延时", "refuse_extension", "F-12", reason="可由备岗人员继续办理，不予延时。"),
            _do(WU, "牵头不明", "designate_lead", "F-09", lead="xingqiao", handler="zhaolei", assists="liuxi"),
            _do(WU, "来信", "give_instruction", "F-10", text="请加强督查，按期办结并回告。"),
            _do(XU, "移交柳溪", "accept_handover", "F-08", note="已接手，正在核实。"),
            _do(ZHAO, "代同事登记", "judge_scope", outcome="own"),
            _do(ZHAO, "代同事登记", "accept"),
            _do(ZHAO, "重要交办", "complete", text="已按要求当日办结。"),
            _do(ZHAO, "车间用工难", "accept_handover", "F-08", note="已接手，续办。"),
            _do(LIN, "入库推荐", "complete_materials", materials="研发费用辅助账 ×1"),
            _do(LIN, "批办件", "report_back", "F-11", text="批办事项已办理，情况回告如下：问题已整改。"),
        ),
        (
            _do(LIN, "延时来信", "notify_extension", "F-13", form_of_notice="written"),
            _do(LIN, "不准延时", "complete", text="已按原期限办结。"),
            _do(LIN, "不准延时", "reply", text="来信反映的问题已办结，结果如上。"),
            _do(LIN, "入库推荐", "accept"),
            _do(LIN, "入库推荐", "issue_decision", text="同意推荐入库。"),
            _do(LIN, "来信", "answer_complaint", text="已向来信人说明并致歉。"),
            _do(LIN, "批办件", "complete", text="批办事项全部办结。"),
            _do(LIN, "要求十日办结", "note", text="已与来文单位联系，十日内报送。"),
            _do(ZHAO, "车间用工难", "complete", text="已联系人社部门组织招聘会。"),
            _do(XU, "移交柳溪", "complete", text="已办结。"),
        ),
    ),
    {
        "来信": "handling", "延时来信": "handling", "不准延时": "replied", "当场解释": "completed", "不属本镇": "referred_out",
        "移交柳溪": "completed", "牵头不明": "handling", "批办件": "completed", "要求十日办结": "handling", "入库推荐": "completed",
        "不予办理": "refused", "代同事登记": "handling", "重要交办": "completed", "车间用工难": "completed",
    },
    taken_over=("车间用工难",),
    passed_by="accept_handover",
)  # fmt: skip

OUTSIDE = {"channel": "document", "claimant": "outside_unit", "claimant_name": "市科技情报所"}
BZ = Day(
    "BZ",
    (
        (
            _register(LIN, "政策咨询", "matter:BZ:enquiry", outcome="done", result="已当场答复并提供政策摘要。"),
            _register(LIN, "集体研究件", "matter:BZ:approval", complete="yes", **OUTSIDE),
            _register(LIN, "报备后纠正", "matter:BZ:approval", complete="yes", **OUTSIDE),
            _register(LIN, "科普基地审核", "offer:science-base-review", "F-04", claimant="enterprise", signed="yes", complete="no", outcome="notice", missing="场地使用证明缺原件"),
            _register(
                LIN, "请示缺件", "matter:BZ:request_document", "F-04", complete="no", outcome="notice", missing="请示附件未盖章",
                notice_basis="《科学技术普及法》第十六条", notice_needed="请示原件\n实施方案", notice_procedure="初审后会签，报主任审定",
                **OUTSIDE,
            ),
            _register(LIN, "引导柳溪", "matter:BZ:contact", outcome="hand_over", to_unit="liuxi"),
            _register(LIN, "不属科协", "matter:BZ:contact", "F-07", outcome="guide", to_body="市教育局 0510-86000281", explanation="职称评审由人社部门办理，已告知地址。"),
            _register(LIN, "A岗外出", "matter:BZ:rights", complete="yes"),
            _register(LIN, "AB岗调整", "matter:BZ:post", channel="document"),
            _register(LIN, "留言来访", "matter:BZ:contact", outcome="register"),
            _register(LIN, "紧急重大", "matter:BZ:contact", urgent="yes"),
            _register(LIN, "效能投诉件", "matter:BZ:complaint"),
            _register(LIN, "请示公文", "matter:BZ:request_document", "F-18", complete="yes", **OUTSIDE),
            _register(LIN, "部室不清", "matter:BZ:contact", outcome="register"),
            _register(LIN, "个人不予办理", "matter:BZ:approval", complete="yes", outcome="register"),
            _do(LIN, "集体研究件", "propose_refusal", reason="不符合科普基地共建条件。"),
            _do(LIN, "集体研究件", "report_refusal", "F-15", note="报分管领导。"),
            _do(LIN, "报备后纠正", "propose_refusal", reason="材料所述范围不清。"),
            _do(LIN, "报备后纠正", "report_refusal", "F-15"),
            _do(LIN, "部室不清", "request_lead", note="涉及两个部室。"),
            _register(LIN, "B岗顶岗", "matter:BZ:rights", complete="yes"),
            _do(LIN, "B岗顶岗", "record_absence", who="A", from_="{+0}", to="{+1}", briefed="yes"),
            _do(LIN, "A岗外出", "record_absence", who="A", from_="{+0}", to="{+2}", briefed="yes"),
            _do(LIN, "A岗外出", "record_absence", who="B", from_="{+0}", to="{+1}", briefed="yes"),
            _do(LIN, "A岗外出", "end_absence", who="B", back="{+1}"),
            _do(LIN, "留言来访", "leave_message", phone="13800004321", note="来访未遇，请回电。"),
            _do(LIN, "紧急重大", "report_urgent", note="已电话报告主任。"),
            _do(LIN, "AB岗调整", "change_post", note="由赵磊任综合受理岗B岗。"),
            _do(LIN, "AB岗调整", "file_post_change", note="当日报办公室备案。"),
            _do(LIN, "个人不予办理", "notify_refusal", "F-06", reason="不符合申报条件。", form_of_notice="written"),
            _plan(LIN, "走访云帆", "星桥云帆包装有限公司", "孙立群"),
            _at(LIN, "走访云帆", "move", on="{+0}", officer=ZHAO, reason="A岗外出，由B岗走访。"),
        ),
        (
            _do(WU, "集体研究件", "mark_refusal_major"),
            _do(WU, "集体研究件", "record_leaders_meeting", "F-16", opinion="经集体研究，不予批复。"),
            _do(WU, "集体研究件", "decide_refusal", outcome="agree", note="同意。"),
            _do(WU, "报备后纠正", "decide_refusal", outcome="correct", note="应予受理。"),
            _do(WU, "部室不清", "designate_lead", lead="xingqiao"),
            _do(SUN, "A岗外出", "arrange_acting", "F-24", who="sunguoping"),
            _do(XU, "引导柳溪", "accept_handover"),
            _do(LIN, "科普基地审核", "receive_materials", complete="no", materials="场地使用证明 ×1"),
            _do(LIN, "科普基地审核", "notify_correction", "F-04", items="场地使用证明未盖章", form_of_notice="written"),
            _do(LIN, "留言来访", "contact_visitor", note="已回电，约定明日再来。"),
            _do(LIN, "请示公文", "reply", "F-20", text="同意所请。"),
            _do(LIN, "效能投诉件", "answer_complaint", text="已调查并答复投诉人。"),
            _do(ZHAO, "B岗顶岗", "note", text="已按工作交代单接手，正在核实。"),
            *_made(
                ZHAO, "走访云帆", "孙立群",
                _ask(ZHAO, "走访云帆", "科普展品借用", "matter:BZ:contact", outcome="register"),
                papers="展品清单",
            ),
        ),
        (
            _do(LIN, "集体研究件", "notify_refusal", "F-17", reason="经集体研究不予批复。", form_of_notice="written"),
            _do(LIN, "报备后纠正", "issue_decision", "F-20", text="已批复。"),
            _do(LIN, "报备后纠正", "reply", text="批复已送达。"),
            _do(ZHAO, "A岗外出", "reply", "F-20", text="已协调用人单位支付劳动报酬。"),
            _do(ZHAO, "B岗顶岗", "reply", "F-20", text="已由B岗办理并答复。"),
            _do(LIN, "科普基地审核", "complete_materials", "F-05", materials="盖章的场地使用证明 ×1"),
            _do(LIN, "科普基地审核", "accept"),
            _do(LIN, "科普基地审核", "complete", "F-20", text="审核通过。"),
            _do(LIN, "紧急重大", "complete", text="已处置完毕。"),
        ),
    ),
    {
        "政策咨询": "replied", "集体研究件": "refused", "报备后纠正": "replied", "科普基地审核": "completed", "引导柳溪": "handling",
        "不属科协": "referred_out", "A岗外出": "replied", "AB岗调整": "completed", "留言来访": "registered", "紧急重大": "completed",
        "效能投诉件": "replied", "请示公文": "replied", "部室不清": "handling", "个人不予办理": "refused",
        "B岗顶岗": "replied", "科普展品借用": "registered", "请示缺件": "correction_pending",
    },
    taken_over=("A岗外出", "B岗顶岗"),
    passed_by="record_absence",
)  # fmt: skip

CALL = {"channel": "phone", "request_kind": "complaint", "text": "影响出行，请尽快处理。", "place": "星桥镇人民路"}


def _call(who: str, case: str, slip: str = "", /, **typed: str) -> Step:
    firm = typed.get("claimant") == "enterprise"
    offer = "offer:hotline-enterprise" if firm else "offer:hotline-citizen"
    return _register(who, case, offer, slip, **{**CALL, "title": case, **typed})


TOWN = {"outcome": "deliver", "to_unit": "xingqiao"}
HL = Day(
    "HL",
    (
        (
            _call(FANG, "路灯不亮", "F-31", **TOWN),
            _call(FANG, "退回重办", **TOWN),
            _call(FANG, "申请延期件", **TOWN),
            _call(FANG, "企业用电", claimant="enterprise", claimant_name="澄江精密铸造有限公司", **TOWN),
            _call(FANG, "申请改派", **TOWN),
            _call(FANG, "拒不接受", **TOWN),
            _call(FANG, "多家承办", **TOWN),
            _call(FANG, "回访不实", **TOWN),
            _call(FANG, "投诉在办", **TOWN),
            _call(LIN, "窗口当场答复", "F-33", channel="walk_in", request_kind="consult", outcome="done", result="已当场说明办理条件。", opinion="satisfied"),
            _call(LIN, "窗口受理", channel="walk_in"),
            _call(ZHAO, "窗口登记", channel="walk_in", outcome="register"),
        ),
        (
            _do(LIN, "路灯不亮", "accept"),
            _do(LIN, "路灯不亮", "reply", "F-33", text="已更换灯具并通电。", opinion="satisfied"),
            _do(LIN, "路灯不亮", "feed_back", "F-34", text="已修复，诉求人满意。"),
            _do(LIN, "退回重办", "accept"),
            _do(LIN, "退回重办", "reply", text="已联系施工单位。", opinion="unsatisfied"),
            _do(LIN, "退回重办", "feed_back", text="已答复。"),
            _do(LIN, "申请延期件", "accept"),
            _do(LIN, "申请延期件", "request_extension", reason="管道须开挖施工，工期较长。", workdays="5"),
            _do(LIN, "企业用电", "accept"),
            _do(LIN, "企业用电", "attach", purpose="photo", **{PHOTOGRAPH: "变压器.jpg"}),
            _do(LIN, "申请改派", "request_return", "F-32", reason="该路段属柳溪镇管辖。"),
            _do(LIN, "拒不接受", "refuse_ticket", within_duty="yes", reason="人手不足。"),
            _do(LIN, "多家承办", "accept"),
            _do(LIN, "回访不实", "accept"),
            _do(LIN, "回访不实", "reply", text="已清理完毕。", opinion="asked_no_view"),
            _do(LIN, "回访不实", "feed_back", text="已清理。"),
            _do(LIN, "投诉在办", "accept"),
            _do(LIN, "投诉在办", "file_complaint", about="诉求人投诉承办人员态度敷衍。"),
            _do(LIN, "窗口当场答复", "feed_back", "F-34", text="已当场答复，诉求人满意。"),
            _plan(LIN, "走访铸造", "澄江精密铸造有限公司", "马总"),
            *_made(
                LIN, "走访铸造", "马总",
                _ask(LIN, "走访铸造", "厂门口道路破损", "offer:hotline-enterprise", request_kind="complaint", outcome="accept"),
                _at(LIN, "走访铸造", "add_request", case="企业用电"),
                papers="现场测绘图",
            ),
            _do(LIN, "企业用电", "note", text="已约供电部门现场查看。明日起外出，已向备岗赵磊交代。"),
            _do(LIN, "厂门口道路破损", "note", text="养护单位已到场。明日起外出，已向备岗赵磊交代。"),
        ),
        (
            _do(FANG, "路灯不亮", "pass_review", "F-35", note="属实。"),
            _do(FANG, "路灯不亮", "call_back", "F-36", result="satisfied", consistent="yes", quality="good"),
            _do(FANG, "退回重办", "return_review", "F-35", reason="没有写明办理结果。"),
            _do(FANG, "申请延期件", "approve_extension", "F-12", opinion="同意延期五个工作日。"),
            _do(FANG, "申请改派", "deliver", "F-31", to="liuxi"),
            _do(FANG, "拒不接受", "start_supervision", "F-37", trigger="HL-8(3)", instruction="请三日内受理并反馈。"),
            _do(FANG, "多家承办", "deliver", "F-31", to="liuxi"),
            _do(FANG, "回访不实", "pass_review"),
            _do(FANG, "回访不实", "call_back", result="unsatisfied", consistent="no", quality="poor"),
            _do(ZHAO, "企业用电", "reply", "F-33", text="供电部门已增容。", opinion="satisfied"),
            _do(ZHAO, "企业用电", "feed_back", text="已增容，企业满意。"),
            _do(ZHAO, "厂门口道路破损", "reply", text="路面已修补。", opinion="satisfied"),
        ),
        (
            _do(XU, "申请改派", "accept"),
            _do(XU, "多家承办", "accept"),
            _do(LIN, "申请延期件", "notify_extension", "F-13", form_of_notice="oral"),
            _do(LIN, "退回重办", "reply", text="已完成维修并现场确认。", opinion="satisfied"),
            _do(LIN, "退回重办", "feed_back", text="已维修完毕，诉求人满意。"),
            _do(LIN, "回访不实", "reply", text="已重新清理并请诉求人查看。", opinion="satisfied"),
            _do(ZHAO, "厂门口道路破损", "feed_back", "F-34", text="已修补，企业满意。"),
            _do(ZHAO, "窗口登记", "note", text="补充记录来电人地址。"),
        ),
    ),
    {
        "路灯不亮": "archived", "退回重办": "review_pending", "申请延期件": "handling", "企业用电": "review_pending",
        "申请改派": "handling", "拒不接受": "handover_pending", "多家承办": "handling", "回访不实": "replied",
        "投诉在办": "handling", "窗口当场答复": "review_pending", "窗口受理": "handling", "窗口登记": "registered",
        "厂门口道路破损": "review_pending",
    },
    taken_over=("企业用电", "厂门口道路破损"),
    passed_by="note",
)  # fmt: skip

ALLOWANCE = {"offer_papers": "all", "complete": "yes", "signed": "yes"}
WITH_PEN = {**ALLOWANCE, DRAWN: "drawn"}
JY = Day(
    "JY",
    (
        (
            _register(LIN, "当场受理", SERVICE, "F-02", **WITH_PEN, **{"further-0": "低保证", "further-1": "户口簿"}),
            _register(LIN, "当场办结", SERVICE, **ALLOWANCE, outcome="done", result="已当场办理并发放。"),
            _register(LIN, "一次告知", SERVICE, "F-04", complete="no", signed="yes", outcome="notice", missing="残疾人证复印件"),
            _register(LIN, "特别程序件", "offer:homestead", "F-02", **ALLOWANCE),
            _register(LIN, "延期件", SERVICE, "F-02", **ALLOWANCE),
            _register(LIN, "不准延期件", SERVICE, "F-02", **ALLOWANCE),
            _register(LIN, "移交柳溪", SERVICE, **ALLOWANCE, outcome="hand_over", to_unit="liuxi"),
            _register(LIN, "请求牵头", SERVICE, **{**ALLOWANCE, "signed": "no", "unsigned_reason": "手部受伤，不便签字。"}, outcome="register"),
            _register(LIN, "纸面签字", SERVICE, **{**ALLOWANCE, "signed": "paper"}, outcome="register"),
            _do(LIN, "纸面签字", "record_signature", "F-01", signed="yes"),
            _register(LIN, "不属本机关", "matter:JY:contact", "F-07", signed="yes", outcome="guide", to_body="市税务局 12366", explanation="该事项由税务机关办理，已告知地址和电话。"),
            _register(LIN, "不予受理", SERVICE, **ALLOWANCE, outcome="register"),
            _register(LIN, "转报件", "offer:public-rental", "F-02", **ALLOWANCE),
            _register(LIN, "发照件", "offer:sole-trader", "F-02", **ALLOWANCE),
            _register(LIN, "待备岗受理", SERVICE, **ALLOWANCE, outcome="register"),
            _do(LIN, "特别程序件", "start_procedure", procedure="on_site_check", expected_workdays="10"),
            _do(LIN, "特别程序件", "notify_procedure_time", "F-14"),
            _do(LIN, "延期件", "request_extension", reason="入户核查人员不足，需延期。", workdays="3"),
            _do(LIN, "不准延期件", "request_extension", reason="经办人请假。", workdays="3"),
            _do(LIN, "请求牵头", "request_lead", note="涉及两个单位。"),
            _do(LIN, "不予受理", "notify_refusal", "F-06", reason="不符合补贴条件，理由已当面说明。", form_of_notice="written"),
            _do(LIN, "当场受理", "file_complaint", about="服务对象投诉等候时间过长。"),
            _plan(LIN, "走访新店", "星桥云帆包装经营部", "孙立群"),
            *_made(
                LIN, "走访新店", "孙立群",
                _ask(LIN, "走访新店", "走访设立登记", "offer:sole-trader", "F-02", **ALLOWANCE, outcome="accept"),
                papers="厂房租赁合同",
            ),
            _do(LIN, "走访设立登记", "hand_over", to="xingqiao", note="明日起外出，移交备岗赵磊接手办理。"),
        ),
        (
            _do(SUN, "延期件", "approve_extension", "F-12", opinion="同意延期三个工作日。"),
            _do(SUN, "不准延期件", "refuse_extension", "F-12", reason="由备岗人员继续办理。"),
            _do(SUN, "请求牵头", "designate_lead", lead="xingqiao", steps="星桥镇人民政府，5"),
            _do(XU, "移交柳溪", "accept_handover", "F-08"),
            _do(ZHAO, "待备岗受理", "accept"),
            _do(ZHAO, "待备岗受理", "issue_receipt", "F-02"),
            _do(ZHAO, "走访设立登记", "accept_handover", "F-08", note="已接手，续办。"),
            _do(LIN, "一次告知", "complete_materials", "F-05", materials="残疾人证复印件 ×1"),
            _do(LIN, "特别程序件", "finish_procedure"),
            _do(LIN, "当场受理", "answer_complaint", text="已说明情况并致歉。"),
            _do(LIN, "转报件", "forward_up", "F-21", to="市住房和城乡建设局"),
            _do(LIN, "发照件", "issue_certificate", "F-20", text="营业执照已颁发。"),
        ),
        (
            _do(LIN, "延期件", "notify_extension", "F-13", form_of_notice="written"),
            _do(LIN, "一次告知", "accept"),
            _do(LIN, "当场受理", "issue_decision", "F-20", text="准予发放补贴。"),
            _do(LIN, "不准延期件", "issue_decision", "F-20", text="准予发放补贴。"),
            _do(ZHAO, "待备岗受理", "issue_decision", "F-20", text="准予发放补贴。"),
            _do(ZHAO, "走访设立登记", "note", text="已与企业核对登记信息。"),
            _do(ZHAO, "走访设立登记", "issue_certificate", "F-20", text="营业执照已颁发。"),
        ),
    ),
    {
        "当场受理": "completed", "当场办结": "replied", "一次告知": "handling", "特别程序件": "handling", "延期件": "handling",
        "不准延期件": "completed", "移交柳溪": "handling", "请求牵头": "handling", "纸面签字": "registered", "不属本机关": "referred_out", "不予受理": "refused",
        "转报件": "forwarded", "发照件": "completed", "待备岗受理": "completed", "走访设立登记": "completed",
    },
    taken_over=("待备岗受理", "走访设立登记"),
    passed_by="accept_handover",
)  # fmt: skip

DAYS = {day.pack: day for day in (WH, BZ, HL, JY)}
