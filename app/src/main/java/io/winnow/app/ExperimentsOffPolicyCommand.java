package io.winnow.app;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.EventLog;
import io.winnow.experiments.offpolicy.Estimate;
import io.winnow.experiments.offpolicy.OffPolicyEstimator;
import io.winnow.experiments.offpolicy.OffPolicyResult;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.offpolicy.ReleaseReplay;
import io.winnow.lifecycle.offpolicy.ReleaseValue;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow experiments off-policy}: what a release would have earned before it is shown. */
@Command(
    name = "off-policy",
    mixinStandardHelpOptions = true,
    description = {
      "Estimates what a release would have earned on the requests that others answered since its training,",
      "and says when not to believe it: a log that explored little tells little.",
      "The data folder must not be in use. The exit code is 5 if the estimate is not to be believed."
    })
final class ExperimentsOffPolicyCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--release",
      paramLabel = "VERSION",
      required = true,
      description = "The release to estimate.")
  private String release = "";

  @Option(
      names = "--from",
      paramLabel = "OFFSET",
      description = "The log offset where requests begin (default: where its training ended).")
  private @Nullable Long from;

  @Option(
      names = "--requests",
      paramLabel = "N",
      description = "At most so many, drawn from all (default: ${DEFAULT-VALUE}).")
  private int requests = 20_000;

  @Option(names = "--threads", description = "How many (default: as many as there are cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(names = "--seed", description = "Of sample and draws (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ExperimentsOffPolicyCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    ApplicationDefinition application = data.application(environment).definition();
    Release candidate =
        Release.load(data.folder().releaseStore(application.operations().engines()), release);
    ReleaseReplay.Settings defaults =
        ReleaseReplay.Settings.defaults(candidate, new Seed(seed), threads);
    ReleaseValue value;
    try (EventLog log = StoppedLog.open(data.folder(), application, TimeSource.system())) {
      value =
          ReleaseReplay.run(
              application,
              candidate,
              log,
              new ReleaseReplay.Settings(
                  from == null ? defaults.fromOffset() : from,
                  requests,
                  defaults.draws(),
                  threads,
                  defaults.seed(),
                  OffPolicyEstimator.Settings.DEFAULT));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.write(map(value)));
    } else {
      print(value, out);
    }
    return (value.value().believable() ? ExitCode.OK : ExitCode.FINDING).value();
  }

  private static void print(ReleaseValue value, PrintWriter out) {
    OffPolicyResult all = value.value();
    out.printf(
        Locale.ROOT,
        "release %s on %,d requests of %,d users since offset %,d (%,d could not be judged)%n%n",
        value.release(),
        all.requests(),
        all.units(),
        value.fromOffset(),
        value.leftOut());
    line(out, "worth, as logged", all.observed());
    line(out, "worth of the release", all.value());
    line(out, "difference", all.difference());
    value
        .objectives()
        .forEach((name, result) -> {
          line(out, name + ", as logged", result.observed());
          line(out, name + " of the release", result.value());
        });
    out.printf(Locale.ROOT, "%neffective requests %,.1f%n", all.sequential().effective());
    all.doubts().forEach(doubt -> out.println("do not believe it: " + doubt.text()));
  }

  private static void line(PrintWriter out, String name, Estimate estimate) {
    out.printf(
        Locale.ROOT,
        "%-32s %10.5f  interval %10.5f to %10.5f%n",
        name,
        estimate.value(),
        estimate.low(),
        estimate.high());
  }

  private static Map<String, Object> map(ReleaseValue value) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("release", value.release());
    map.put("from_offset", value.fromOffset());
    map.put("slates", value.slates());
    map.put("left_out", value.leftOut());
    map.put("value", map(value.value()));
    Map<String, Object> objectives = new LinkedHashMap<>();
    value.objectives().forEach((name, result) -> objectives.put(name, map(result)));
    map.put("objectives", objectives);
    return map;
  }

  private static Map<String, Object> map(OffPolicyResult result) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("requests", result.requests());
    map.put("users", result.units());
    map.put("observed", map(result.observed()));
    map.put("value", map(result.value()));
    map.put("difference", map(result.difference()));
    Map<String, Object> estimates = new LinkedHashMap<>();
    result
        .estimates()
        .forEach((estimator, estimate) ->
            estimates.put(estimator.name().toLowerCase(Locale.ROOT), map(estimate)));
    map.put("estimates", estimates);
    map.put("effective_requests", result.sequential().effective());
    map.put("effective_by_place", result.sequential().effectiveBySlot());
    map.put(
        "support_by_place",
        result.sequential().supportBySlot().stream().map(Estimate::value).toList());
    map.put("believable", result.believable());
    List<String> doubts = result.doubts().stream().map(doubt -> doubt.text()).toList();
    map.put("doubts", doubts);
    return map;
  }

  private static Map<String, Object> map(Estimate estimate) {
    return Map.of(
        "value", estimate.value(),
        "standard_error", estimate.standardError(),
        "low", estimate.low(),
        "high", estimate.high());
  }
}
