package io.winnow.app;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.TemporaryFolder;
import io.winnow.benchmarks.rollout.BadKind;
import io.winnow.core.Nearest;
import io.winnow.core.WinnowException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code winnow bench rollout}: whether bad releases are caught, and good ones let through. */
@Command(
    name = "rollout",
    mixinStandardHelpOptions = true,
    description = {
      "Sends bad and good releases up the ladder while simulated users visit, goes back under load,",
      "and moves the users' tastes, with retraining and without. Takes half an hour or more."
    })
final class BenchRolloutCommand extends BenchCommand.Bench {
  private static final List<String> PARTS = List.of("bad", "good", "rollback", "recovery");
  private static final int ROLLBACKS = 10;

  @Option(
      names = "--only",
      split = ",",
      description = "Some of bad, good, rollback and recovery; otherwise all.")
  private @Nullable List<String> only;

  @Option(
      names = "--each",
      description = "How many bad releases of each of the ten kinds (default: ${DEFAULT-VALUE}).")
  private int each = 10;

  @Option(
      names = "--kind",
      split = ",",
      description = "Kinds of bad releases, such as stale_index; otherwise all.")
  private @Nullable List<String> kinds;

  @Option(names = "--good", description = "How many good releases (default: ${DEFAULT-VALUE}).")
  private int good = 20;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Writes a page with tables and curves, too.")
  private @Nullable Path html;

  private @Nullable RolloutReport report;

  @Override
  Figures figures(ConsoleProgress progress) {
    List<String> parts = only == null ? PARTS : only;
    for (String part : parts) {
      if (!PARTS.contains(part)) {
        throw WinnowException.invalid("--only", part, Nearest.expectation("part", part, PARTS));
      }
    }
    if (each < 1 || good < 1) {
      throw WinnowException.invalid(each < 1 ? "--each" : "--good", Math.min(each, good), ">= 1");
    }
    List<BadKind> wanted = wantedKinds();
    try (TemporaryFolder folder = new TemporaryFolder()) {
      RolloutBase base =
          new RolloutBase(RolloutBase.Config.of(seed().value()), folder.path(), progress);
      RolloutReleases releases = new RolloutReleases(base, seed(), progress);
      RolloutReport found =
          new RolloutReport(
              parts.contains("bad") ? releases.bad(wanted, each) : null,
              parts.contains("good") ? releases.good(good) : null,
              parts.contains("rollback") ? new RolloutWayBack(base, progress).run(ROLLBACKS) : null,
              parts.contains("recovery") ? recovery(base, progress) : null);
      report = found;
      if (html != null) {
        DataFolder.replace(html, found.toHtml());
      }
      return found.figures();
    }
  }

  private List<BadKind> wantedKinds() {
    if (kinds == null) {
      return List.of(BadKind.values());
    }
    Map<String, BadKind> known = new LinkedHashMap<>();
    for (BadKind kind : BadKind.values()) {
      known.put(kind.label(), kind);
    }
    List<BadKind> wanted = new ArrayList<>();
    for (String label : kinds) {
      BadKind kind = known.get(label);
      if (kind == null) {
        throw WinnowException.invalid(
            "--kind", label, Nearest.expectation("kind", label, List.copyOf(known.keySet())));
      }
      wanted.add(kind);
    }
    return wanted;
  }

  private static RolloutReport.Recovery recovery(RolloutBase base, ConsoleProgress progress) {
    RolloutRecovery.Plan plan = RolloutRecovery.Plan.DEFAULT;
    RolloutRecovery recovery = new RolloutRecovery(base, plan, progress);
    return new RolloutReport.Recovery(plan, recovery.run(true), recovery.run(false));
  }

  @Override
  Map<String, Object> details() {
    return Objects.requireNonNull(report).details();
  }

  @Override
  String detailsText() {
    return Objects.requireNonNull(report).toText();
  }
}
