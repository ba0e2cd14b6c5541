"""The models, admin and API of the Django baseline. Imported only after Django is set up."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test import RequestFactory
from rest_framework import filters, pagination, serializers, viewsets

from bench.django_stock import ask_of


class Named(models.Model):
    """What a dossier refers to: shown by its name."""

    name = models.CharField(max_length=1000)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Procedure(Named):
    """Thủ tục."""

    class Meta:
        app_label, managed, db_table = "bench", False, "procedure"


class Agency(Named):
    """Cơ quan."""

    class Meta:
        app_label, managed, db_table = "bench", False, "agency"


class Dossier(models.Model):
    """Hồ sơ, as far as the screens show it."""

    code = models.CharField(max_length=60)
    procedure = models.ForeignKey(Procedure, models.DO_NOTHING)
    agency = models.ForeignKey(Agency, models.DO_NOTHING)
    applicant_name = models.CharField(max_length=255)
    state = models.SmallIntegerField(choices=[(n, str(n)) for n in range(1, 11)])
    step_name = models.CharField(max_length=500, null=True)  # noqa: DJ001 - the table allows NULL
    due_at = models.DateTimeField(null=True)

    class Meta:
        app_label, managed, db_table = "bench", False, "dossier"


class Form(Named):
    """Biểu mẫu."""

    class Meta:
        app_label, managed, db_table = "bench", False, "form"


class Version(models.Model):
    """Phiên bản thủ tục, as far as the form shows it."""

    procedure = models.ForeignKey(Procedure, models.DO_NOTHING)
    form = models.ForeignKey(Form, models.DO_NOTHING)
    number = models.IntegerField()
    name = models.CharField(max_length=1000)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    agency_level = models.CharField(max_length=20)
    time_limit_value = models.IntegerField()

    class Meta:
        app_label, managed, db_table = "bench", False, "procedure_version"


class Anybody:
    """A superuser without a row."""

    pk, is_active, is_staff, is_superuser, is_authenticated = 1, True, True, True, True

    def has_perm(self, *_arguments: Any) -> bool:
        """May do everything."""
        return True

    has_module_perms = has_perm

    def get_username(self) -> str:
        """Return the name the frame shows."""
        return "stock"


def make_views(columns: Sequence[str], size: int) -> dict[str, Callable[[str], Any]]:
    """Return {path: ask(path)} of the admin's list and form and of the API's list."""
    options = {"list_display": columns, "search_fields": ["code", "applicant_name"], "list_filter": ["state"],
               "list_per_page": size, "ordering": ["-id"], "list_select_related": True,
               "raw_id_fields": ["procedure", "agency"]}  # fmt: skip
    admin.site.register(Dossier, type("DossierAdmin", (admin.ModelAdmin,), options))
    admin.site.register(Version)
    # The form asks which kind of record it is for; the table of kinds is Django's own and not there.
    ContentType.objects._add_to_cache("default", ContentType(id=1, app_label="bench", model="version"))
    screen, form = admin.site.get_model_admin(Dossier), admin.site.get_model_admin(Version)
    lists = _api(columns, size).as_view({"get": "list"})
    requests = RequestFactory()

    def request_of(path: str) -> Any:
        request = requests.get(path)
        request.user, request.current_app = Anybody(), "admin"
        return request

    return {"/list": ask_of(screen.changelist_view, request_of), "/api": ask_of(lists, request_of),
            "/add": ask_of(form.changeform_view, request_of)}  # fmt: skip


def _api(columns: Sequence[str], size: int) -> type[viewsets.ModelViewSet]:
    meta = type("Meta", (), {"model": Dossier, "fields": ["id", *columns]})
    names = {name: serializers.CharField(source=f"{name}.name") for name in ("procedure", "agency")}
    serializer = type("DossierSerializer", (serializers.ModelSerializer,), {"Meta": meta, **names})
    pages = type("Pages", (pagination.PageNumberPagination,), {"page_size": size})
    return type("DossierViews", (viewsets.ModelViewSet,), {
        "queryset": Dossier.objects.select_related("procedure", "agency").order_by("-id"),
        "serializer_class": serializer, "pagination_class": pages, "authentication_classes": [],
        "permission_classes": [], "filter_backends": [filters.SearchFilter], "search_fields": ["code"],
    })  # fmt: skip


def counter() -> Callable[[], int]:
    """Return a function that tells how many statements were sent so far."""
    sent = itertools.count()
    state = {"sent": next(sent)}

    def note(execute: Any, *arguments: Any) -> Any:
        state["sent"] = next(sent)
        return execute(*arguments)

    connection.execute_wrappers.append(note)
    return lambda: state["sent"]
