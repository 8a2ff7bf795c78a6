package io.winnow.app;

import io.winnow.core.Nearest;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.Metric;
import io.winnow.events.EventLog;
import io.winnow.experiments.analysis.TrafficProfile;
import io.winnow.experiments.statistics.PlannedLooks;
import io.winnow.experiments.statistics.Planner;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow experiments plan}: how many users and days a test takes. */
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    description = {
      "Says how many users and days it takes to find an effect, by the traffic and the variance of the",
      "newest days in the log, and what effect those days could have found.",
      "The data folder must not be in use."
    })
final class ExperimentsPlanCommand implements Callable<Integer> {
  private static final int DAYS_MAX = 365;

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      description = "A ratio, mean, conversion or retention (default: the first metric).")
  private @Nullable String metric;

  @Option(
      names = "--effect",
      paramLabel = "SHARE",
      description = "The relative effect to find (default: ${DEFAULT-VALUE}).")
  private double effect = 0.02;

  @Option(names = "--power", description = "The chance of finding it (default: ${DEFAULT-VALUE}).")
  private double power = 0.8;

  @Option(
      names = "--alpha",
      description = "The chance of finding what is not there (default: ${DEFAULT-VALUE}).")
  private double alpha = 0.05;

  @Option(
      names = "--arms",
      description = "How many arms, the control among them (default: ${DEFAULT-VALUE}).")
  private int arms = 2;

  @Option(
      names = "--traffic",
      description = "The share of users that take part (default: ${DEFAULT-VALUE}).")
  private double traffic = 1;

  @Option(names = "--looks", description = "Planned looks (default: ${DEFAULT-VALUE}).")
  private int looks = 14;

  @Option(
      names = "--days",
      description = "How many of the newest days to learn from (default: ${DEFAULT-VALUE}).")
  private int days = 14;

  @Option(
      names = "--before",
      paramLabel = "DAYS",
      description =
          "Days before the first slate that sharpen the comparison (default: ${DEFAULT-VALUE}).")
  private int before = 14;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  ExperimentsPlanCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    check();
    ApplicationDefinition application = data.application(environment).definition();
    Metric of = metric(application.operations().experiments());
    TrafficProfile profile;
    try (EventLog log = StoppedLog.open(data.folder(), application, TimeSource.system())) {
      profile =
          TrafficProfile.of(
              application,
              of,
              log,
              log.endOffset(),
              data.folder().requestClock(TimeSource.system()).nowMs(),
              Duration.ofDays(days),
              Duration.ofDays(before));
    }
    if (profile.estimate().units() < 2 || !(profile.adjusted().variance() > 0)) {
      throw WinnowException.invalid(
          "--days",
          days,
          "days in which at least two users were shown slates and " + of.name() + " varied");
    }
    Planner planner =
        new Planner(
            Planner.varianceOfUnits(profile.adjusted()),
            0,
            Collections.nCopies(arms, 1.0),
            alpha,
            power,
            inflation());
    print(of, profile, planner);
    return ExitCode.OK.value();
  }

  private void check() {
    require("--effect", effect, Math.abs(effect) > 0 && Math.abs(effect) < 10, "not 0, below 10");
    require("--traffic", traffic, traffic > 0 && traffic <= 1, "in (0, 1]");
    require("--arms", arms, arms >= 2 && arms <= 20, "2 to 20");
    require("--looks", looks, looks >= 1 && looks <= 365, "1 to 365");
    require("--days", days, days >= 1 && days <= DAYS_MAX, "1 to " + DAYS_MAX);
    require("--before", before, before >= 0 && before <= DAYS_MAX, "0 to " + DAYS_MAX);
    require("--alpha", alpha, alpha > 0 && alpha < 0.5, "in (0, 0.5)");
    require("--power", power, power > alpha && power < 1, "above --alpha and below 1");
  }

  private static void require(String option, Object value, boolean holds, String expectation) {
    if (!holds) {
      throw WinnowException.invalid(option, value, expectation);
    }
  }

  private Metric metric(Experiments experiments) {
    String name = metric == null ? experiments.metrics().getFirst().name() : metric;
    return experiments
        .metric(name)
        .orElseThrow(() ->
            WinnowException.invalid(
                "--metric",
                name,
                Nearest.expectation(
                    "metric", name, experiments.metrics().stream().map(Metric::name).toList())));
  }

  private double inflation() {
    double[] fractions = new double[looks];
    for (int k = 0; k < looks; k++) {
      fractions[k] = (k + 1.0) / looks;
    }
    return looks == 1
        ? 1
        : Math.max(1, PlannedLooks.of(alpha / (arms - 1)).inflation(power, fractions));
  }

  private void print(Metric of, TrafficProfile profile, Planner planner) {
    double baseline = profile.estimate().value();
    double absolute = effect * Math.abs(baseline);
    if (!(Math.abs(absolute) > 0)) {
      throw WinnowException.invalid("--metric", of.name(), "a metric that is not 0 on average");
    }
    double perDay = traffic * profile.users() / profile.days();
    long units = planner.units(absolute);
    long needed = planner.days(absolute, perDay);
    double found =
        planner.minimumDetectableEffect(Math.max(2, Math.round(traffic * profile.users())))
            / Math.abs(baseline);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("metric", of.name());
      result.put("baseline", baseline);
      result.put("variance", Planner.varianceOfUnits(profile.estimate()));
      result.put("correlation_before", profile.correlation());
      result.put("days_seen", profile.days());
      result.put("users_seen", profile.users());
      result.put("users_per_day", perDay);
      result.put("effect", effect);
      result.put("users_needed", units);
      result.put("days_needed", needed);
      result.put("minimum_detectable_effect", found);
      out.println(Json.write(result));
      return;
    }
    out.printf(
        Locale.ROOT,
        "%s is %.4g; %,d users in the last %.1f days, %,.0f new ones a day take part%n",
        of.name() + " = " + of.definition(),
        baseline,
        profile.users(),
        profile.days(),
        perDay);
    if (profile.correlation() != 0) {
      out.printf(
          Locale.ROOT,
          "behaviour before the first slate correlates by %.2f: %.0f %% of the variance goes away%n",
          profile.correlation(),
          100 * (1 - profile.adjusted().variance() / profile.estimate().variance()));
    }
    out.printf(
        Locale.ROOT,
        "to find %+.2f %% with power %.2f, alpha %.3f, %d arms, %d looks: %,d users, %,d days%n",
        100 * effect,
        power,
        alpha,
        arms,
        looks,
        units,
        needed);
    out.printf(Locale.ROOT, "those %.1f days could find %.2f %%%n", profile.days(), 100 * found);
    if (needed > 2 * profile.days()) {
      out.println(
          "That is much longer than what was looked at: fewer new users come as days go by. Take more"
              + " --days, or a metric that varies less.");
    }
  }
}
