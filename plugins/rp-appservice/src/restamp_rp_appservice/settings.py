"""What stamp.yaml says for this plugin: where App Service keeps its data, and where copies of it go."""

import datetime as dt
from typing import Literal

from pydantic import Field

from restamp.models.document import Count, Model


class Settings(Model):
    """Where the databases and the content share of App Service are, and where copies of them lie."""

    sql_server: str = Field(min_length=1)
    file_share: str = Field(min_length=1)  # of the content: \\files.contoso.com\appservice
    backups: str = Field(min_length=1)  # a folder, away from the stamp: hosting.bak, metering.bak and content
    new_sql_server: str = ""  # in a recovery: where the databases are now, if it is another server
    new_file_share: str = ""  # likewise
    version: str = ""  # of App Service, as it was deployed: 2022 H1
    rotated: dt.date | None = None  # when the secrets of App Service were rotated last
    secrets_days: Count = 365  # after so many days the sealed secrets are looked at
    user: str = "roleadmin"  # who signs in to the controllers
    auth: Literal["negotiate", "basic"] = "negotiate"

    @property
    def server_now(self) -> str:
        """The SQL server that App Service is restored with."""
        return self.new_sql_server or self.sql_server

    @property
    def share_now(self) -> str:
        """The content share that App Service is restored with."""
        return self.new_file_share or self.file_share
