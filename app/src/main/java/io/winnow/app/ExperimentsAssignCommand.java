package io.winnow.app;

import io.winnow.core.AttributeValue;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiments;
import io.winnow.events.EventLog;
import io.winnow.experiments.assignment.Assigner;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Decision;
import io.winnow.experiments.assignment.Subject;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow experiments assign}: what a user is in, and why not in the rest. */
@Command(
    name = "assign",
    mixinStandardHelpOptions = true,
    description = {
      "Tells which arm of each experiment a request of a user would be in, or why in none.",
      "Logs nothing. A bandit's arms are drawn by the application file's weights here; a server",
      "that runs knows the weights of the moment: /v1/experiments/assignments."
    })
final class ExperimentsAssignCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--user", required = true, paramLabel = "ID", description = "Who asks.")
  private String user = "";

  @Option(names = "--surface", paramLabel = "NAME", description = "Where it asks, such as home.")
  private String surface = "";

  @Option(
      names = "--context",
      paramLabel = "FIELD=VALUE",
      description = "A field of the request's context; may be given several times.")
  private Map<String, String> context = new LinkedHashMap<>();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ExperimentsAssignCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ApplicationDefinition application = data.application(environment).definition();
    Experiments experiments = application.operations().experiments();
    Assigner assigner = Assigner.of(experiments);
    UserId who = new UserId(user);
    long nowMs = data.folder().requestClock(TimeSource.system()).nowMs();
    Subject stranger = new Subject(who, surface, context, null, nowMs);
    Subject subject =
        assigner.needsAttributes(stranger) ? stranger.with(attributes(application, who)) : stranger;
    PrintWriter out = spec.commandLine().getOut();
    List<Map<String, Object>> lines = new ArrayList<>();
    for (String name : assigner.names()) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("experiment", name);
      switch (assigner.decide(name, subject).orElseThrow()) {
        case Decision.In(Assignment assignment) -> {
          line.put("arm", assignment.armName());
          line.put("unit", assignment.unit());
          line.put("probability", assignment.probability());
          line.put("counts", assignment.counts());
          if (!json) {
            out.printf(
                "%-24s %s%s%n",
                name,
                assignment.armName(),
                assignment.counts() ? "" : " (a tester, by the application file: not counted)");
          }
        }
        case Decision.Out(Decision.Why why) -> {
          line.put("reason", why.text());
          if (!json) {
            out.printf("%-24s not in it: %s%n", name, why.text());
          }
        }
      }
      lines.add(line);
    }
    Holdout side = assigner.assign(subject).holdout();
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("user", user);
      result.put("held_out", side == Holdout.HELD_OUT);
      result.put("experiments", lines);
      out.println(Json.write(result));
    } else if (side == Holdout.HELD_OUT) {
      out.printf("%-24s held out of every experiment%n", user);
    }
    return ExitCode.OK.value();
  }

  /** The user's attributes, as the log has them last. */
  private Map<String, AttributeValue> attributes(ApplicationDefinition application, UserId who) {
    Map<String, AttributeValue> attributes = new HashMap<>();
    try (EventLog log = StoppedLog.open(data.folder(), application, TimeSource.system())) {
      log.replay((_, record) -> {
        if (record instanceof LogRecord.UserPut put && put.user().equals(who)) {
          attributes.clear();
          attributes.putAll(put.attributes());
        }
      });
    }
    return attributes;
  }
}
