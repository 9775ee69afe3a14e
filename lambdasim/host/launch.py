"""How the processes of one environment are started: their commands, variables and working directories.

Decided once per environment, before the sandbox exists; only the API's address is learnt from it.
AWS: runtimes-custom, configuration-envvars; RIE: internal/lambda/rapidcore/env/environment.go.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from lambdasim.core.values import FunctionSpec
from lambdasim.host.config import EnvironmentConfig
from lambdasim.host.identifiers import new_log_stream
from lambdasim.host.packages import find_extensions
from lambdasim.host.sandbox import SandboxSpec
from lambdasim.host.variables import Paths, extension_variables, runtime_variables
from lambdasim.runtimes.registry import Code, Runtime, custom, find

DISABLE_EXTENSIONS_FILE = "disable-extensions-jwigqn8j"
"""RIE: internal/lambda/extensions/extensions.go."""

TASK_ROOT, OPT = Path("/var/task"), Path("/opt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    config: EnvironmentConfig
    kind: Runtime
    sandbox: SandboxSpec
    code: Code
    extensions: tuple[str, ...]
    paths: Paths
    log_stream: str
    api_address: str = ""

    def at(self, api_address: str) -> "Launch":
        return replace(self, api_address=api_address)

    def runtime(self) -> tuple[list[str], dict[str, str], str]:
        """argv, environment and working directory of the runtime process. Raises InvalidEntrypoint."""
        config = self.config
        variables = runtime_variables(
            config.function, api_address=self.api_address, runtime=self.kind, log_stream=self.log_stream,
            paths=self.paths,
        )
        env = {**config.variables, **variables}
        argv = self.kind.command(config.function, code=self.code, paths=self.paths)
        # A bare command name is looked up on the PATH that the process itself sees.
        if "/" not in argv[0]:
            argv = ["/usr/bin/env", *argv]
        return argv, env, config.working_dir or self.paths.task_root

    def extension(self, name: str) -> tuple[list[str], dict[str, str], str]:
        variables = extension_variables(
            self.config.function, api_address=self.api_address, runtime=self.kind, paths=self.paths
        )
        return [f"{self.paths.opt}/extensions/{name}"], {**self.config.variables, **variables}, self.paths.task_root


def prepare(config: EnvironmentConfig) -> Launch:
    """Raises SpecError when the runtime is not available on this machine."""
    kind = custom(config.command) if config.command else find(config.function.runtime)
    in_place = config.capabilities.isolation != "namespaces"
    return Launch(
        config=config,
        kind=kind,
        sandbox=_sandbox_spec(config, kind),
        code=Code(task_dir=config.task_dir or TASK_ROOT, opt_dir=config.opt_dir or OPT) if in_place
        else Code(task_dir=config.task_dir, opt_dir=config.opt_dir),
        extensions=_extensions(config),
        paths=_host_paths(config, kind) if in_place else Paths(),
        log_stream=new_log_stream(config.function.version),
    )


def _extensions(config: EnvironmentConfig) -> tuple[str, ...]:
    """None means the machine's own /opt, and only where nothing is mounted over it."""
    if config.opt_dir is None and config.capabilities.isolation == "namespaces":
        return ()
    return find_extensions(config.opt_dir or OPT) if extensions_enabled(config.opt_dir) else ()


def extensions_enabled(opt_dir: Path | None) -> bool:
    return not ((opt_dir or OPT) / DISABLE_EXTENSIONS_FILE).exists()


def _sandbox_spec(config: EnvironmentConfig, kind: Runtime) -> SandboxSpec:
    function: FunctionSpec = config.function
    return SandboxSpec(
        environment_id=config.environment_id,
        task_dir=config.task_dir,
        opt_dir=config.opt_dir,
        runtime_dir=kind.runtime_dir,
        lang_prefix=kind.lang_prefix,
        ephemeral_storage_mb=function.ephemeral_storage_mb,
        memory_size_mb=function.memory_size_mb,
        api_port=config.api_port,
        binds=config.binds,
    )


def _host_paths(config: EnvironmentConfig, kind: Runtime) -> Paths:
    """Without a mount namespace nothing is at AWS's paths: the variables name where it really is."""
    default = Paths()
    return Paths(
        task_root=str(config.task_dir or default.task_root),
        opt=str(config.opt_dir or default.opt),
        runtime_dir=str(kind.runtime_dir or default.runtime_dir),
        lang=str(kind.lang_prefix or default.lang),
    )
