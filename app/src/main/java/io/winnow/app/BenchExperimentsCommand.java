package io.winnow.app;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.experiments.BanditBenchmark;
import io.winnow.benchmarks.experiments.CupedBenchmark;
import io.winnow.benchmarks.experiments.InterleavingBenchmark;
import io.winnow.benchmarks.experiments.OffPolicyBenchmark;
import io.winnow.benchmarks.experiments.OpenBanditBenchmark;
import io.winnow.benchmarks.experiments.SampleRatioBenchmark;
import io.winnow.benchmarks.experiments.SequentialBenchmark;
import io.winnow.core.Nearest;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code winnow bench experiments}: whether the statistics keep what they promise. */
@Command(
    name = "experiments",
    mixinStandardHelpOptions = true,
    description = {
      "Simulates experiments whose truth is known, and counts how often what is said of them holds.",
      "Takes some minutes; the figures depend on the seed, not on the number of threads."
    })
final class BenchExperimentsCommand extends BenchCommand.Bench {
  private static final Map<String, BiFunction<Seed, Integer, Figures>> PARTS = parts();

  @Option(
      names = "--only",
      description = "sequential, cuped, srm, interleaving, off_policy or bandit; otherwise all.")
  private @Nullable String only;

  @Option(names = "--threads", description = "How many (default: as many as there are cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--open-bandit",
      paramLabel = "DIR",
      description =
          "A folder with the Open Bandit Dataset's logs: estimates each policy from the other's log.")
  private @Nullable Path openBandit;

  private static Map<String, BiFunction<Seed, Integer, Figures>> parts() {
    Map<String, BiFunction<Seed, Integer, Figures>> parts = new LinkedHashMap<>();
    parts.put(
        "sequential",
        (seed, threads) ->
            SequentialBenchmark.run(SequentialBenchmark.Config.defaults(seed, threads)));
    parts.put(
        "cuped",
        (seed, threads) -> CupedBenchmark.run(CupedBenchmark.Config.defaults(seed, threads)));
    parts.put(
        "srm",
        (seed, threads) ->
            SampleRatioBenchmark.run(SampleRatioBenchmark.Config.defaults(seed, threads)));
    parts.put(
        "interleaving",
        (seed, threads) ->
            InterleavingBenchmark.run(InterleavingBenchmark.Config.defaults(seed, threads)));
    parts.put(
        "off_policy",
        (seed, threads) ->
            OffPolicyBenchmark.run(OffPolicyBenchmark.Config.defaults(seed, threads)));
    parts.put(
        "bandit",
        (seed, threads) -> BanditBenchmark.run(BanditBenchmark.Config.defaults(seed, threads)));
    return parts;
  }

  @Override
  Figures figures(ConsoleProgress progress) {
    List<String> names = List.copyOf(PARTS.keySet());
    if (only != null && !PARTS.containsKey(only)) {
      throw WinnowException.invalid("--only", only, Nearest.expectation("part", only, names));
    }
    Map<String, Figures.Figure> all = new LinkedHashMap<>();
    String machine = "";
    for (String part : only == null ? names : List.of(only)) {
      progress.step(part, "");
      Figures figures = Objects.requireNonNull(PARTS.get(part)).apply(seed(), threads);
      all.putAll(figures.figures());
      machine = figures.machine();
    }
    if (openBandit != null) {
      progress.step("open bandit", "");
      all.putAll(OpenBanditBenchmark.run(new OpenBanditBenchmark.Config(openBandit)).figures());
    }
    return new Figures("experiments", machine, all);
  }
}
