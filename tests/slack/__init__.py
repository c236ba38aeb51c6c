"""A local server that speaks Slack's protocol; `tests.slack.server.Slack` is its front door."""
