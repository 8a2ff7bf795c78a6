package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.features.AuditReport;
import io.winnow.features.AuditReport.Mismatch;
import io.winnow.features.FeatureAudit.Options;
import io.winnow.serving.http.FeatureMonitoring;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow features audit}: served values against replayed ones. */
@Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    description = {
      "Recomputes the feature values that were logged with impressions, by replay of the log, and",
      "lists those that differ in any bit. The exit code is 5 if a larger share of a feature's",
      "values differs than feature_store.audit.max_mismatches allows. What it finds decides whether",
      "a newer release is activated. A server that runs answers /v1/monitoring/features instead:",
      "the data folder must not be in use."
    })
final class FeaturesAuditCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--last",
      paramLabel = "N",
      description = "Compare the N newest impressions only, at most 1000000; otherwise all.")
  private @Nullable Integer last;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  FeaturesAuditCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    if (last != null && (last < 1 || last > Options.LAST_MAX)) {
      throw WinnowException.invalid("--last", last, "1 to " + Options.LAST_MAX);
    }
    Options options =
        new Options(
            last == null ? Options.ALL : last,
            Options.DEFAULT.usersMax(),
            Options.DEFAULT.lookAhead());
    AuditReport report;
    double maxMismatches;
    try (Node node = Node.open(data.folder(), data.application(environment), TimeSource.system())) {
      maxMismatches =
          node.application().definition().operations().featureStore().audit().maxMismatches();
      report = node.auditFeatures(options);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(FeatureMonitoring.toJson(report, maxMismatches));
    } else {
      print(report, out);
    }
    return (report.above(maxMismatches).isEmpty() ? ExitCode.OK : ExitCode.FINDING).value();
  }

  private static void print(AuditReport report, PrintWriter out) {
    out.printf(
        "%,d requests, %,d impressions, %,d values compared, %,d differ%n",
        report.requests(), report.impressions(), report.values(), report.mismatches());
    report
        .skipped()
        .forEach((reason, count) ->
            out.printf("%,d impressions not compared: %s%n", count, reason.label()));
    report
        .notCompared()
        .forEach((feature, reason) -> out.printf("not compared: %s (%s)%n", feature, reason));
    int width = report.features().keySet().stream().mapToInt(String::length).max().orElse(1);
    report
        .features()
        .forEach((feature, count) ->
            out.printf(
                "%-" + width + "s  %,12d values  %,10d differ%n",
                feature,
                count.values(),
                count.mismatches()));
    for (Mismatch mismatch : report.examples()) {
      out.printf(
          "%s at offset %d: request %s, user %s, item %s, release %s: logged %s (%s), replayed %s (%s)%n",
          mismatch.feature(),
          mismatch.offset(),
          mismatch.requestId(),
          mismatch.user(),
          mismatch.item(),
          mismatch.release(),
          mismatch.logged(),
          Mismatch.bits(mismatch.logged()),
          mismatch.replayed(),
          Mismatch.bits(mismatch.replayed()));
    }
  }
}
