package io.winnow.app;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.EventLog;
import io.winnow.features.FeatureSchema;
import io.winnow.features.HeldFeatures;
import io.winnow.features.StateFolders;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.rollout.GateProgress;
import io.winnow.lifecycle.rollout.GateReport;
import io.winnow.lifecycle.rollout.GateReport.Check;
import io.winnow.lifecycle.rollout.OfflineGate;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow releases gate}: judges a release by what was recorded, and changes nothing. */
@Command(
    name = "gate",
    mixinStandardHelpOptions = true,
    description = {
      "Judges a release by its bundle and by the part of the log that neither it nor the champion learned from.",
      "The data folder must not be in use.",
      "The exit code is 0 if it passed, 5 if it failed, 6 if there is too little to tell yet."
    })
final class ReleasesGateCommand implements Callable<Integer> {
  private static final long SEED = 1;

  /** Progress is told each time that so many moments are done. */
  private static final int TOLD = 500;

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(paramLabel = "VERSION", description = "The release to judge.")
  private String candidate = "";

  @Option(
      names = "--against",
      paramLabel = "VERSION",
      description = "The release that it is to replace (default: the active one, if any).")
  private @Nullable String against;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ReleasesGateCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ApplicationDefinition application = data.application(environment).definition();
    ReleaseStore releases = data.folder().releaseStore(application.operations().engines());
    releases.manifest(candidate);
    String champion =
        against != null
            ? against
            : releases.active().filter(active -> !active.equals(candidate)).orElse(null);
    OfflineGate gate =
        new OfflineGate(
            application,
            releases,
            held(application, releases),
            OfflineGate.Settings.of(application, new Seed(SEED)),
            progress());
    GateReport report;
    try (EventLog log = StoppedLog.open(data.folder(), application, TimeSource.system())) {
      report =
          gate.judge(
              candidate, champion, log, PromotionGate.of(data.folder(), environment).lastAudit());
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.write(map(report)));
    } else {
      print(report, out);
    }
    return switch (report.verdict()) {
      case PASSED -> ExitCode.OK.value();
      case FAILED -> ExitCode.FINDING.value();
      case WAITING -> ExitCode.UNDECIDED.value();
    };
  }

  /** A folder without a store lacks nothing: the next start computes what is needed. */
  private HeldFeatures held(ApplicationDefinition application, ReleaseStore releases) {
    List<StateFolders.Contents> stores =
        StateFolders.list(data.folder().of(application.operations().engines().log()).features());
    FeatureSchema needed;
    try {
      needed = FeatureSchema.of(Release.applicationOf(releases, candidate).definition());
    } catch (WinnowException e) {
      return HeldFeatures.of(application); // The gate names what is damaged.
    }
    return stores.stream()
        .map(StateFolders.Contents::features)
        .filter(features -> features.missing(needed).isEmpty())
        .findFirst()
        .orElseGet(() ->
            stores.isEmpty()
                ? HeldFeatures.of(application, List.of(needed))
                : stores.getFirst().features());
  }

  private GateProgress progress() {
    PrintWriter err = spec.commandLine().getErr();
    return (step, done, all) -> {
      if (done % TOLD == 0 || done == all) {
        err.printf(Locale.ROOT, "%s: %,d of %,d%n", step, done, all);
        err.flush();
      }
    };
  }

  private static void print(GateReport report, PrintWriter out) {
    out.printf(
        "release %s, against %s: %s%n%n",
        report.candidate(),
        report.champion().isEmpty() ? "nothing" : report.champion(),
        label(report.verdict()));
    for (Check check : report.checks()) {
      out.printf("%-12s %-8s %s%n", check.name(), label(check.verdict()), check.text());
    }
  }

  private static Map<String, Object> map(GateReport report) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("candidate", report.candidate());
    map.put("champion", report.champion());
    map.put("verdict", label(report.verdict()));
    map.put("reason", report.reason());
    List<Map<String, Object>> checks =
        report.checks().stream().map(ReleasesGateCommand::map).toList();
    map.put("checks", checks);
    return map;
  }

  private static Map<String, Object> map(Check check) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", check.name());
    map.put("verdict", label(check.verdict()));
    map.put("text", check.text());
    map.put("numbers", new TreeMap<>(check.numbers()));
    return map;
  }

  private static String label(GateReport.Verdict verdict) {
    return verdict.name().toLowerCase(Locale.ROOT);
  }
}
