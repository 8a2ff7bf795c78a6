package io.winnow.app;

import io.winnow.lifecycle.registry.ServingPlan;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow rollback}: back to the release before, on every server. */
@Command(
    name = "rollback",
    mixinStandardHelpOptions = true,
    description = {
      "Goes back to the release that served before, or to another one, on every running server;",
      "what is on trial ends. The release before is in memory, so this takes less than a second."
    })
final class RollbackCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--to",
      paramLabel = "VERSION",
      description = "The release to go back to (default: the one before).")
  private @Nullable String to;

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for the ledger.")
  private String reason = "rolled back at the command line";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  RollbackCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      ServingPlan before = folder.registry().plan();
      String target = to == null ? before.previous() : to;
      if (target != null) {
        ReleaseNeeds.check(data.folder(), folder.releases(), target);
      }
      ServingPlan after =
          PlanChanges.rollback(folder.registry(), 0, to, FolderRegistry.cause(reason));
      boolean followed = folder.follow(after, spec.commandLine().getErr());
      String now = Objects.requireNonNull(after.champion());
      String old = before.champion() == null ? "" : before.champion();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("from", old);
      result.put("to", now);
      result.put("revision", after.revision());
      result.put("followed", followed);
      spec.commandLine()
          .getOut()
          .println(
              json ? Json.write(result) : "release %s is active, no longer %s".formatted(now, old));
      return followed ? ExitCode.OK.value() : ExitCode.FINDING.value();
    }
  }
}
