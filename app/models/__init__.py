"""The models. Importing this package registers every table in one metadata."""

from flask_appbuilder.security.sqla.models import PermissionView

from app.history import HistoryEntry
from app.lowcode.exchange.run import ImportRun
from app.lowcode.exchange.taking import ExportRun
from app.lowcode.overrides import FieldRight, RoleRight, RoleScope
from app.lowcode.saved_views import SavedView
from app.models.account import Account
from app.models.administrative_unit import AdministrativeUnit
from app.models.agency import Agency, Division
from app.models.agency_calendar import AgencyCalendar
from app.models.api_client import ApiClient, ApiToken
from app.models.apology import Apology
from app.models.approved import is_approved
from app.models.attachment import Attachment, StoredFile
from app.models.calendar import CalendarChange, CalendarDay, CalendarSession, WorkingCalendar
from app.models.counter import Counter, next_number
from app.models.delegation import Absence, Delegation
from app.models.dossier import Dossier, DossierPaper, FormRevision
from app.models.dossier_place import DossierPlace
from app.models.dossier_time import ClockSegment, DueChange, Movement
from app.models.draft import Draft
from app.models.ended_session import EndedSession
from app.models.explanation import Explanation
from app.models.extension import Extension
from app.models.fee import Fee, FeeExemption, FeeSubject
from app.models.feedback import Feedback
from app.models.form import Form, FormSection
from app.models.form_field import FormField
from app.models.incident import OutageDecision, PaperReception
from app.models.kept_scan import KeptScan
from app.models.letter import Letter
from app.models.letter_template import LetterTemplate
from app.models.linked_dossier import LinkedDossier
from app.models.money import Charge
from app.models.notice import IncidentNotice, MailMessage, Notice
from app.models.officer import OfficerPosition, UserSetting
from app.models.officer_identity import OfficerIdentity
from app.models.online_service import OnlineService
from app.models.original_check import OriginalCheck
from app.models.outage_notice import OutageNotice
from app.models.outside_message import OutsideMessage
from app.models.pack_run import PackProgress, PackRun
from app.models.procedure import Component, Procedure, ProcedureVersion
from app.models.procedure_report import ProcedureReport
from app.models.process import Process, ProcessStep
from app.models.process_approval import ApprovalStage, ProcessApproval
from app.models.process_move import ProcessMove, ProcessMoveLine
from app.models.process_rehearsal import ProcessRehearsal
from app.models.profile import Profile, ProfileParameter
from app.models.publication import PublicationDecision, PublicationItem
from app.models.question_delay import QuestionDelay
from app.models.rating import Rating
from app.models.refund import Refund
from app.models.reorganisation import Reorganisation
from app.models.result import Result
from app.models.seal import HistorySeal
from app.models.sector import DocumentType, Sector
from app.models.shared_catalog import SharedCatalog, SharedCatalogRight
from app.models.shared_field import SharedCatalogField
from app.models.shared_item import SharedCatalogItem
from app.models.stamp import Stamp
from app.models.supplement import SupplementRequest
from app.models.task import Task
from app.models.user import FabRole, User
from app.transactions import OutboxEvent

__all__ = [
    "Absence",
    "Account",
    "AdministrativeUnit",
    "Agency",
    "AgencyCalendar",
    "ApiClient",
    "ApiToken",
    "Apology",
    "ApprovalStage",
    "Attachment",
    "CalendarChange",
    "CalendarDay",
    "CalendarSession",
    "Charge",
    "ClockSegment",
    "Component",
    "Counter",
    "Delegation",
    "Division",
    "DocumentType",
    "Dossier",
    "DossierPaper",
    "DossierPlace",
    "Draft",
    "DueChange",
    "EndedSession",
    "Explanation",
    "ExportRun",
    "Extension",
    "FabRole",
    "Fee",
    "FeeExemption",
    "FeeSubject",
    "Feedback",
    "FieldRight",
    "Form",
    "FormField",
    "FormRevision",
    "FormSection",
    "HistoryEntry",
    "HistorySeal",
    "ImportRun",
    "IncidentNotice",
    "KeptScan",
    "Letter",
    "LetterTemplate",
    "LinkedDossier",
    "MailMessage",
    "Movement",
    "Notice",
    "OfficerIdentity",
    "OfficerPosition",
    "OnlineService",
    "OriginalCheck",
    "OutageDecision",
    "OutageNotice",
    "OutboxEvent",
    "OutsideMessage",
    "PackProgress",
    "PackRun",
    "PaperReception",
    "PermissionView",
    "Procedure",
    "ProcedureReport",
    "ProcedureVersion",
    "Process",
    "ProcessApproval",
    "ProcessMove",
    "ProcessMoveLine",
    "ProcessRehearsal",
    "ProcessStep",
    "Profile",
    "ProfileParameter",
    "PublicationDecision",
    "PublicationItem",
    "QuestionDelay",
    "Rating",
    "Refund",
    "Reorganisation",
    "Result",
    "RoleRight",
    "RoleScope",
    "SavedView",
    "Sector",
    "SharedCatalog",
    "SharedCatalogField",
    "SharedCatalogItem",
    "SharedCatalogRight",
    "Stamp",
    "StoredFile",
    "SupplementRequest",
    "Task",
    "User",
    "UserSetting",
    "WorkingCalendar",
    "is_approved",
    "next_number",
]
