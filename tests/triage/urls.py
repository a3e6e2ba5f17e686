"""All addresses, with those of triage for certain: its form is tested whether or not the product mounts it."""

from amends.config.urls import urlpatterns as product
from amends.triage.web.urls import urlpatterns as triage

handler400 = "amends.core.middleware.bad_request"
handler403 = "amends.core.middleware.permission_denied"
handler404 = "amends.core.middleware.page_not_found"
urlpatterns = [*triage, *product]
