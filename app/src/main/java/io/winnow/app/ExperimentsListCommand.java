package io.winnow.app;

import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.events.EventLog;
import io.winnow.experiments.analysis.Holdout;
import io.winnow.experiments.report.JsonReport;
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

/**
 * {@code winnow experiments list}: the experiments of the application file, and their exposures.
 */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the experiments of the application file with the exposures in the log.",
      "A server that runs answers /v1/experiments instead: the data folder must not be in use."
    })
final class ExperimentsListCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ExperimentsListCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ApplicationDefinition application = data.application(environment).definition();
    Experiments experiments = application.operations().experiments();
    Map<String, Long> exposures = new HashMap<>();
    try (EventLog log = StoppedLog.open(data.folder(), application, TimeSource.system())) {
      log.replay((_, record) -> {
        if (record instanceof LogRecord.Exposed exposed) {
          exposures.merge(
              key(exposed.exposure().experiment(), exposed.exposure().run()), 1L, Long::sum);
        }
      });
    }
    List<Experiment> all = new ArrayList<>(experiments.list());
    Holdout.experiment(experiments).ifPresent(all::add);
    PrintWriter out = spec.commandLine().getOut();
    List<Map<String, Object>> lines = new ArrayList<>();
    for (Experiment experiment : all) {
      long count = exposures.getOrDefault(key(experiment.name(), experiment.run()), 0L);
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("experiment", experiment.name());
      line.put("run", experiment.run());
      line.put("design", JsonReport.design(experiment.design()));
      line.put("arms", experiment.arms().stream().map(Experiment.Arm::name).toList());
      line.put("primary", experiment.goals().primary());
      line.put("traffic", experiment.population().traffic());
      line.put("exposures", count);
      lines.add(line);
      if (!json) {
        out.printf(
            "%-24s run %d  %-12s %-32s %s, %,d exposures%n",
            experiment.name(),
            experiment.run(),
            JsonReport.design(experiment.design()),
            String.join(" / ", experiment.arms().stream().map(Experiment.Arm::name).toList()),
            experiment.goals().primary(),
            count);
      }
    }
    if (json) {
      out.println(Json.write(Map.of("experiments", lines)));
    } else if (all.isEmpty()) {
      out.println("The application file declares no experiment.");
    }
    return ExitCode.OK.value();
  }

  private static String key(String experiment, int run) {
    return experiment + " " + run;
  }
}
