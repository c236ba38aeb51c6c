"""Use cases over ports: intake, orchestrator, courier, worker, sweeper, limits, directory."""
