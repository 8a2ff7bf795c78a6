package io.winnow.app;

import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow rollout}: how a release's way to its users stands. */
@Command(
    name = "rollout",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the plan, the newest rollout with its decisions, and the servers.",
      "A release climbs by itself while a server runs; 'winnow jobs run promote' takes a step without one."
    })
final class RolloutCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private RolloutCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** The command with its subcommands. */
  static CommandLine line(Map<String, String> environment) {
    CommandLine line = new CommandLine(new RolloutCommand(environment));
    line.addSubcommand(new RolloutStartCommand(environment));
    line.addSubcommand(new RolloutCancelCommand(environment));
    return line;
  }

  @Override
  public Integer call() {
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      return status(folder);
    }
  }

  private int status(FolderRegistry folder) {
    Registry registry = folder.registry();
    PrintWriter out = spec.commandLine().getOut();
    ServingPlan plan = registry.plan();
    List<Rollout> rollouts = registry.rollouts(1);
    List<ServerStatus> servers = registry.servers();
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("plan", plan);
      result.put("rollout", rollouts.isEmpty() ? null : rollouts.getFirst());
      result.put("servers", servers);
      out.println(Json.write(result));
      return ExitCode.OK.value();
    }
    out.printf(
        "plan %d: champion %s%s%s%s%n",
        plan.revision(),
        plan.champion() == null ? "none" : plan.champion(),
        plan.previous() == null ? "" : ", before " + plan.previous(),
        plan.challenger() == null
            ? ""
            : ", challenger %s for %.0f %%"
                .formatted(plan.challenger(), 100 * plan.canary().share()),
        plan.shadow() == null ? "" : ", shadow " + plan.shadow());
    if (rollouts.isEmpty()) {
      out.println("no rollout yet");
    } else {
      Rollout newest = rollouts.getFirst();
      out.printf("rollout %s of %s: %s%n", newest.id(), newest.candidate(), newest.stage().label());
      for (Rollout.Decision decision : newest.decisions()) {
        out.printf(
            "  %s  %s: %s (%s)%n",
            Instant.ofEpochMilli(decision.atMs()),
            decision.to().label(),
            decision.cause().reason(),
            decision.cause().actor());
      }
    }
    for (ServerStatus server : servers) {
      out.printf(
          "server %s %s: release %s, plan %d%s, seen %s%n",
          server.server(),
          server.address(),
          server.champion(),
          server.revision(),
          server.problem() == null ? "" : ", " + server.problem(),
          Instant.ofEpochMilli(server.seenMs()));
    }
    return ExitCode.OK.value();
  }
}
