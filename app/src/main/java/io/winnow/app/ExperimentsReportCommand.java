package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.events.EventLog;
import io.winnow.experiments.analysis.AnalysisLimits;
import io.winnow.experiments.analysis.AnalysisRequest;
import io.winnow.experiments.analysis.ExperimentAnalysis;
import io.winnow.experiments.analysis.ExperimentReport;
import io.winnow.experiments.analysis.ExperimentReport.Comparison;
import io.winnow.experiments.analysis.ExperimentReport.MetricResult;
import io.winnow.experiments.analysis.Holdout;
import io.winnow.experiments.report.HtmlReport;
import io.winnow.experiments.report.JsonReport;
import io.winnow.lifecycle.ReleaseStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow experiments report}: what the log says about one experiment. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "Says what to do with an experiment, why, and what could be wrong, from the whole log.",
      "A server that runs answers /v1/experiments/NAME instead: the data folder must not be in use.",
      "The exit code is 5 if the data contradict the design, or an arm does harm."
    })
final class ExperimentsReportCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(paramLabel = "NAME", description = "The experiment, or 'holdout'.")
  private String name = "";

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write a page with plots to this file too.")
  private @Nullable Path html;

  @Option(
      names = "--as-of",
      paramLabel = "TIME",
      description = "Judge as if it were this time, such as 2026-12-08T12:00:00Z (default: now).")
  private @Nullable String asOf;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ExperimentsReportCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ApplicationDefinition application = data.application(environment).definition();
    Experiment experiment = Holdout.named(application.operations().experiments(), name);
    ReleaseStore releases = data.folder().releaseStore(application.operations().engines());
    ExperimentReport report;
    try (EventLog log = StoppedLog.open(data.folder(), application, TimeSource.system())) {
      report =
          ExperimentAnalysis.run(
              new AnalysisRequest(
                  application,
                  experiment,
                  log,
                  log.endOffset(),
                  nowMs(),
                  AnalysisLimits.DEFAULT,
                  version -> offline(releases, version)));
    }
    write(report);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.write(JsonReport.of(report)));
    } else {
      print(report, out);
    }
    return switch (report.verdict().code()) {
      case "harmful", "do_not_trust" -> ExitCode.FINDING.value();
      default -> ExitCode.OK.value();
    };
  }

  private long nowMs() {
    if (asOf == null) {
      return data.folder().requestClock(TimeSource.system()).nowMs();
    }
    try {
      return Instant.parse(asOf).toEpochMilli();
    } catch (DateTimeException e) {
      throw WinnowException.invalid("--as-of", asOf, "a time such as 2026-12-08T12:00:00Z");
    }
  }

  /** A release's figures; the active one's where an arm names none. */
  private static Map<String, Double> offline(ReleaseStore releases, String version) {
    String of = version.isEmpty() ? releases.active().orElse("") : version;
    return releases.versions().contains(of) ? releases.manifest(of).metrics() : Map.of();
  }

  private void write(ExperimentReport report) {
    if (html == null) {
      return;
    }
    try {
      Files.writeString(html, HtmlReport.render(report));
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot write " + html + ": " + e.getMessage(), e);
    }
  }

  private static void print(ExperimentReport report, PrintWriter out) {
    out.printf("%s%n  %s%n%n", report.verdict().label(), report.verdict().reason());
    report
        .arms()
        .forEach(arm ->
            out.printf(
                Locale.ROOT,
                "%-16s %,12d units  %5.1f %% planned  %s%n",
                arm.name(),
                arm.units(),
                100 * arm.expected(),
                arm.changes()));
    out.println();
    for (MetricResult metric : report.metrics()) {
      for (Comparison of : metric.comparisons()) {
        out.printf(
            Locale.ROOT,
            "%-10s %-20s %-14s %10s  interval %10s to %10s  p %.4f  %s%n",
            metric.role().name().toLowerCase(Locale.ROOT),
            metric.metric().name(),
            of.arm(),
            percent(of.contrast().lift().orElse(Double.NaN)),
            percent(of.lift().low()),
            percent(of.lift().high()),
            of.adjustedP(),
            of.finding().name().toLowerCase(Locale.ROOT).replace('_', ' '));
      }
    }
    report
        .preferences()
        .forEach(of ->
            out.printf(
                Locale.ROOT,
                "preference for %s in %s: %s, interval %s to %s%n",
                of.second(),
                of.metric().name(),
                percent(-of.preference().estimate()),
                percent(-of.preference().high()),
                percent(-of.preference().low())));
    out.printf("%nWhat could be wrong%n");
    report.doubts().forEach(doubt -> out.println("  - " + doubt));
    report.notes().forEach(note -> out.println("  * " + note));
  }

  private static String percent(double share) {
    return Double.isFinite(share) ? String.format(Locale.ROOT, "%+.2f %%", 100 * share) : "?";
  }
}
