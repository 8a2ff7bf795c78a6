package io.winnow.app;

import io.winnow.core.Nearest;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.PromotionLadder;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow rollout}: a release's way to its users. */
@Command(
    name = "rollout",
    mixinStandardHelpOptions = true,
    description = {
      "Sends a release to its users: offline gate, shadow, canary, live; and shows how it stands.",
      "  status         the plan, the open rollout with its decisions, the servers",
      "  start VERSION  begins; CONFLICT where another one is open",
      "  cancel         ends the open one; users get the champion of before",
      "  step           takes the next step if the evidence is there; running servers do so by themselves"
    })
final class RolloutCommand implements Callable<Integer> {
  private static final List<String> ACTIONS = List.of("status", "start", "cancel", "step");

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(index = "0", arity = "0..1", paramLabel = "ACTION", description = "What to do.")
  private String action = "status";

  @Parameters(index = "1", arity = "0..1", paramLabel = "VERSION", description = "Of start.")
  private @Nullable String version;

  @Option(names = "--reason", paramLabel = "TEXT", description = "Why, for the ledger.")
  private String reason = "asked for at the command line";

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  RolloutCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    if (!ACTIONS.contains(action)) {
      throw WinnowException.invalid(
          "action", action, Nearest.expectation("action", action, ACTIONS));
    }
    if (action.equals("step")) {
      return step();
    }
    try (FolderRegistry folder = FolderRegistry.open(data.folder(), environment)) {
      return switch (action) {
        case "start" -> start(folder);
        case "cancel" -> cancel(folder);
        default -> status(folder);
      };
    }
  }

  private int start(FolderRegistry folder) {
    if (version == null) {
      throw WinnowException.invalid("version", "absent", "the release that is to serve");
    }
    folder.registry().register(folder.releases().verify(version));
    Rollout rollout = folder.registry().begin(version, 0, FolderRegistry.cause(reason));
    print(rollout, "rollout %s: %s".formatted(rollout.id(), rollout.stage().label()));
    return ExitCode.OK.value();
  }

  private int cancel(FolderRegistry folder) {
    Rollout ended = PlanChanges.cancel(folder.registry(), 0, FolderRegistry.cause(reason));
    boolean followed = folder.follow(folder.registry().plan(), spec.commandLine().getErr());
    print(ended, "rollout %s: %s".formatted(ended.id(), ended.stage().label()));
    return followed ? ExitCode.OK.value() : ExitCode.FINDING.value();
  }

  private int step() {
    DataFolder folder = data.folder();
    try (Node node =
        Node.open(
            folder,
            data.application(environment),
            TimeSource.system(),
            new Node.Options(environment, true, List.of()))) {
      PromotionLadder.Step step = node.climb();
      Rollout rollout = step.rollout();
      if (rollout == null) {
        spec.commandLine()
            .getOut()
            .println(json ? Json.write(Map.of("text", step.text())) : step.text());
      } else {
        print(rollout, step.text());
      }
      return ExitCode.OK.value();
    }
  }

  private void print(Rollout rollout, String text) {
    spec.commandLine().getOut().println(json ? Json.write(rollout) : text);
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
        "plan %d: champion %s, before %s%s%s%n",
        plan.revision(),
        plan.champion(),
        plan.previous(),
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
