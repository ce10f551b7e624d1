"""All tables: importing this module completes ``Base.metadata``, for migrations and for ``verify``."""

import alliance.accounts.models
import alliance.audit.models
import alliance.circulation.models
import alliance.circulation.restated
import alliance.enterprises.models
import alliance.offers.favourites
import alliance.offers.models
import alliance.offers.visits
import alliance.passes.models
import alliance.people.models
import alliance.pictures.models
import alliance.redemptions.models
import alliance.webhooks.models
import alliance.zones.models
from alliance.store import Base

metadata = Base.metadata
