package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Engines;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.KafkaLogConfig;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.cadence.CadenceOptions;
import io.winnow.lifecycle.cadence.CadenceReport;
import io.winnow.lifecycle.cadence.CadenceStudy;
import io.winnow.lifecycle.cadence.CadenceText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow cadence}: how fast releases age, and how often to train. */
@Command(
    name = "cadence",
    mixinStandardHelpOptions = true,
    description = {
      "Trains releases at past cuts of the log, and asks those of each age for the same choices.",
      "Prints the loss by age with intervals, and the longest time between trainings that keeps",
      "the mean loss within --max-loss. Started again with the same arguments, it goes on where it was.",
      "Works beside a server: it reads what the log holds when it begins. See docs/cadence.md."
    })
final class CadenceCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(multiplicity = "0..1")
  private Source source = new Source();

  @Option(
      names = "--drift",
      paramLabel = "SHARE",
      description =
          "With --simulate: the share of people whose tastes move, one by one over the days"
              + " (default: ${DEFAULT-VALUE}).")
  private double drift;

  @Option(
      names = "--app",
      paramLabel = "FILE",
      description = "The application file, if the folder has none and is not recognised.")
  private @Nullable Path app;

  @Option(
      names = "--cuts",
      paramLabel = "N",
      description = "How many windows are asked (default: ${DEFAULT-VALUE}).")
  private int cuts = 4;

  @Option(
      names = "--lags",
      split = ",",
      paramLabel = "DAYS",
      description =
          "The ages, ascending; a window is as long as the first (default: ${DEFAULT-VALUE}).")
  private List<Integer> lags = new ArrayList<>(List.of(1, 2, 4, 8, 16));

  @Option(
      names = "--max-loss",
      paramLabel = "PERCENT",
      description =
          "How much NDCG@10 may be lost on average between two trainings, such as 2%% or 0.02"
              + " (default: ${DEFAULT-VALUE}).")
  private String maxLoss = "2%";

  @Option(
      names = "--delay",
      paramLabel = "DAYS",
      description =
          "How old a release's data is when it begins to serve, by the gate's holdout and the"
              + " rollout (default: ${DEFAULT-VALUE}).")
  private double delay;

  @Option(
      names = "--max-targets",
      paramLabel = "N",
      description =
          "At most so many choices of a window, evenly thinned (default: ${DEFAULT-VALUE}).")
  private int maxTargets = 2_000;

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description = "Keeps the trained releases (default: 'cadence' in the data folder).")
  private @Nullable Path folder;

  @Mixin private TrainingOptions training = new TrainingOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--html", paramLabel = "FILE", description = "Also write a page with the curve.")
  private @Nullable Path html;

  /** Whose log is studied. */
  static final class Source {
    @Option(
        names = "--data",
        paramLabel = "DIR",
        description = "The data folder whose log is used (default: ${DEFAULT-VALUE}).")
    private Path data = Path.of("data");

    @Option(names = "--dataset", paramLabel = "DIR", description = "A data set's folder instead.")
    private @Nullable Path dataset;

    @Option(
        names = "--simulate",
        paramLabel = "DAYS",
        description = "So many days of a simulated world instead, by --seed.")
    private @Nullable Integer days;
  }

  CadenceCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    if (!(drift >= 0 && drift <= 1)) {
      throw WinnowException.invalid("--drift", drift, "0 to 1");
    }
    CadenceOptions options = new CadenceOptions(cuts, lags, share(maxLoss), delay, maxTargets);
    TrainerConfig config = training.config();
    ConsoleProgress progress = new ConsoleProgress(spec.commandLine().getErr());
    CadenceReport report;
    if (source.days != null) {
      ApplicationFile application = DemoRun.application(environment);
      report =
          study(
              application,
              RecordSource.of(SimulatedLog.records(source.days, drift, config.seed())),
              options,
              config,
              progress);
    } else if (source.dataset != null) {
      ApplicationFile application = ApplicationFile.forDataset(source.dataset, app, environment);
      RecordSource records = DataSetFiles.load(source.dataset, application, progress);
      report = study(application, records, options, config, progress);
    } else {
      report = ofLog(options, config, progress);
    }
    if (html != null) {
      DataFolder.replace(html, CadenceText.html(report));
    }
    spec.commandLine().getOut().println(json ? Json.write(report) : CadenceText.text(report));
    return ExitCode.OK.value();
  }

  /** {@code 2%} or {@code 0.02}. */
  private static double share(String text) {
    boolean percent = text.endsWith("%");
    String number = percent ? text.substring(0, text.length() - 1).strip() : text;
    if (!number.matches("\\d+(\\.\\d+)?|\\.\\d+")) {
      throw WinnowException.invalid("--max-loss", text, "a percentage such as 2%, or a share");
    }
    return Double.parseDouble(number) / (percent ? 100 : 1);
  }

  private CadenceReport study(
      ApplicationFile application,
      RecordSource records,
      CadenceOptions options,
      TrainerConfig config,
      ConsoleProgress progress) {
    Path place = folder == null ? source.data.resolve("cadence") : folder;
    return new CadenceStudy(application, config, progress, place).run(records, options);
  }

  private CadenceReport ofLog(
      CadenceOptions options, TrainerConfig config, ConsoleProgress progress) {
    DataFolder data = new DataFolder(source.data);
    ApplicationFile application = data.application(app, environment);
    return switch (application.definition().operations().engines().log()) {
      case Engines.LogEngine.Embedded _ -> {
        if (!Files.isDirectory(data.log())) {
          throw WinnowException.invalid("--data", source.data, "a data folder with an event log");
        }
        yield study(application, written(data), options, config, progress);
      }
      case Engines.LogEngine.Kafka kafka -> {
        // Which records are repetitions is known by having read them: its own index, not a
        // server's.
        Path own = data.of(kafka).path().resolve("cadence-log");
        try (EventLog log =
            EventLogs.openKafka(
                KafkaLogConfig.of(kafka, own),
                application.definition().schema(),
                TimeSource.system(),
                List.of())) {
          yield study(
              application, RecordSource.prefix(log, log.endOffset()), options, config, progress);
        }
      }
    };
  }

  /** What is written whole by now, beside a server or without one. Nothing is locked or mended. */
  private static RecordSource written(DataFolder data) {
    EventLogConfig config = EventLogConfig.in(data.log());
    AtomicLong end = new AtomicLong();
    EventLogs.readPrefix(config, Long.MAX_VALUE).replay((offset, _) -> end.setPlain(offset + 1));
    return EventLogs.readPrefix(config, end.getPlain());
  }
}
