"""The state of every dossier to the National Public Service Portal (HUE25 Đ28.2; QN20 Đ4.3).

The fields are those that portals send through the shared connection (domain B: DongBoHoSoMC for a
dossier not known there yet, CapNhatTienDoHoSoMC for each further state). The connector is a gateway
of the province; it adds what the national connection asks of machines.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import to_local
from app.models import Dossier, Movement, OutsideMessage
from app.models.outside_message import MessageState
from app.services import data_check, outside, post_orders
from app.transactions import Later
from app.workflows.states import State

SYSTEM = "national_portal"
_CHANNELS = {"counter": "1", "online": "2", "post": "3", "linked": "1"}
_WAYS = {"desk": "0", "post": "1", "online": "2"}


def build_state(session: Session, message: OutsideMessage) -> dict[str, Any]:
    """Return what the portal is told of one transition: the whole dossier the first time."""
    dossier, movement = message.dossier, session.get_one(Movement, message.movement_id)
    if _is_first(session, message):
        return {"service": "DongBoHoSoMC", "data": [_whole(dossier, movement)]}
    return {"service": "CapNhatTienDoHoSoMC", "data": [_progress(dossier, movement)]}


def _is_first(session: Session, message: OutsideMessage) -> bool:
    earlier = sa.select(OutsideMessage.id).where(
        OutsideMessage.dossier_id == message.dossier_id, OutsideMessage.system == SYSTEM,
        OutsideMessage.state == MessageState.delivered,
    )  # fmt: skip
    return session.scalar(earlier.limit(1)) is None


def _whole(dossier: Dossier, movement: Movement) -> dict[str, Any]:
    supplements = [{
        "YeuCauBoSung": one.reason, "NgayYeuCau": stamp(one.asked_at), "NgayTiepNhanBoSung": stamp(one.answered_at),
    } for one in dossier.supplements]  # fmt: skip
    changes = [{"NgayHenTraTruoc": stamp(one.old_due_at), "NgayHenTraMoi": stamp(one.new_due_at), "LyDo": one.reason}
               for one in dossier.due_changes]  # fmt: skip
    digitised = {a.component_id for a in dossier.attachments if not a.is_replaced}
    return {
        "MaHoSo": dossier.code, "MaTTHC": dossier.procedure.code, "TenTTHC": dossier.version.name,
        "MaLinhVuc": dossier.sector.code, "TenLinhVuc": dossier.sector.name,
        "KenhThucHien": _CHANNELS[dossier.channel], "ChuHoSo": dossier.applicant_name,
        "LoaiDoiTuong": "1" if dossier.account.kind == "citizen" else "2",
        "DinhDanhCHS": dossier.applicant_id_number, "NgayNopHoSo": stamp(dossier.submitted_at),
        "NgayTiepNhan": stamp(dossier.received_at), "NgayHenTra": stamp(dossier.due_at),
        "TrangThaiHoSo": str(movement.target), "NgayTra": stamp(dossier.returned_at),
        "HinhThuc": _WAYS[dossier.result_way], "NgayKetThucXuLy": stamp(dossier.finished_at),
        "DonViXuLy": dossier.agency.name, "NoiNopHoSo": dossier.desk.name,
        "TaiLieuNop": [{"TenTepDinhKem": paper.name, "DuocSoHoa": "1" if paper.component_id in digitised else "0"}
                       for paper in dossier.papers],
        "DanhSachLePhi": [{"TenPhiLePhi": c.name, "SoTien": c.amount, "DaNop": "1" if c.state == "paid" else "0"}
                          for c in dossier.charges if c.state in {"due", "paid"}],
        "DanhSachHoSoBoSung": supplements, "DanhSachGiaHan": changes,
        "DanhSachGiayToKetQua": [{"TenGiayTo": r.title, "MaGiayToKetQua": r.number}
                                 for r in dossier.results if r.state == "issued"],
    }  # fmt: skip


def _progress(dossier: Dossier, movement: Movement) -> dict[str, Any]:
    state = State(movement.target)
    return {
        "MaHoSo": dossier.code, "NguoiXuLy": movement.actor_name, "ThoiDiemXuLy": stamp(movement.at),
        "PhongBanXuLy": movement.agency_name or dossier.agency.name, "NoiDungXuLy": state.name,
        "TrangThai": str(movement.target), "NgayHenTra": stamp(dossier.due_at),
        "NgayKetThucXuLy": stamp(dossier.finished_at), "NgayTra": stamp(dossier.returned_at),
    }  # fmt: skip


def stamp(instant: datetime | None) -> str:
    """Return "20261109073000", Vietnamese time; "" for none."""
    return f"{to_local(instant):%Y%m%d%H%M%S}" if instant is not None else ""


def send(session: Session, dossier_id: int, system: str) -> Later | None:
    """Send what waits about a dossier to one system: the handler of the outbox."""
    builders: dict[str, outside.Builder] = {
        "state": build_state, "received": post_orders.build, "deliver_result": post_orders.build,
        "lookup": data_check.build,
    }  # fmt: skip
    takers: dict[str, outside.Taker] = {"vnpost": post_orders.take}
    return outside.send_waiting(session, dossier_id, system, builders, takers.get(system, _keep))


def _keep(_session: Session, _message: OutsideMessage) -> None:
    """An answer that nobody has to be told of is kept with its message."""
