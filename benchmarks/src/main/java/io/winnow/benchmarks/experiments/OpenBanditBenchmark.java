package io.winnow.benchmarks.experiments;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Peer;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.experiments.offpolicy.Estimate;
import io.winnow.experiments.offpolicy.Estimator;
import io.winnow.experiments.offpolicy.LoggedRequest;
import io.winnow.experiments.offpolicy.LoggedSlot;
import io.winnow.experiments.offpolicy.OffPolicyEstimator;
import io.winnow.experiments.offpolicy.OffPolicyResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/**
 * Off-policy estimates on real logs of two policies that ran at the same time (Saito, Aihara,
 * Matsutani, Narita: Open Bandit Dataset and Pipeline, NeurIPS 2021): the click rate of Thompson
 * sampling from the log of the uniform random policy, and the other way round, against the click
 * rate that the other policy's own log shows.
 *
 * <p>A row is one place of a slate of three, given without the other two, so each is a request of
 * one place, and both weights are the same. There are no user ids; rows count as independent. What
 * Thompson sampling shows drifted during the week, and its log says how likely each shown item was
 * at that moment, not the others; its probability of an item at a place is therefore taken to be
 * how often its log shows it there. The model is the click rate of an item at a place, drawn
 * towards the log's, from the other half of the rows, so that no click predicts itself.
 *
 * <p>10,000 rows hold some 50 clicks: the on-policy rates themselves are uncertain by a seventh,
 * which {@code deviations} takes into account and {@code inside} does not.
 */
public final class OpenBanditBenchmark {
  private static final List<String> CAMPAIGNS = List.of("men", "women");

  /** So many impressions of the log's own click rate are added to each item's. */
  private static final double PRIOR_IMPRESSIONS = 300;

  private final Figures.Builder figures = new Figures.Builder("open_bandit");

  /**
   * What to run on.
   *
   * @param folder holds {@code random_men.csv.gz}, {@code bts_men.csv.gz} and the same of women
   */
  public record Config(Path folder) {}

  private OpenBanditBenchmark() {}

  /**
   * Runs it to the end.
   *
   * @throws WinnowException if a file is missing or is not such a log
   */
  public static Figures run(Config config) {
    OpenBanditBenchmark benchmark = new OpenBanditBenchmark();
    for (String campaign : CAMPAIGNS) {
      List<Row> random = read(config.folder().resolve("random_" + campaign + ".csv.gz"));
      List<Row> thompson = read(config.folder().resolve("bts_" + campaign + ".csv.gz"));
      Map<Slot, Double> uniform = new HashMap<>();
      random.forEach(row -> uniform.put(row.slot(), row.propensity()));
      benchmark.compare(campaign + ".random_to_thompson", random, frequencies(thompson), thompson);
      benchmark.compare(campaign + ".thompson_to_random", thompson, uniform, random);
    }
    return benchmark.figures.build();
  }

  /** An item at a place. */
  private record Slot(String item, int place) {}

  private record Row(Slot slot, int click, double propensity) {}

  /**
   * Estimates one policy's click rate from another's log.
   *
   * @param policy the probability of each item at each place, of the policy that is estimated
   * @param own its own log
   */
  private void compare(String name, List<Row> log, Map<Slot, Double> policy, List<Row> own) {
    double observed = own.stream().mapToInt(Row::click).sum() / (double) own.size();
    OffPolicyResult result =
        OffPolicyEstimator.estimate(requests(log, policy), OffPolicyEstimator.Settings.DEFAULT);
    String prefix = "off_policy.open_bandit." + name;
    Peer peer = new Peer("its own log", observed);
    Map<String, Estimator> estimators = new LinkedHashMap<>();
    estimators.put("ips", Estimator.SEQUENTIAL_IPS);
    estimators.put("self_normalised", Estimator.SEQUENTIAL_SELF_NORMALISED);
    estimators.put("doubly_robust", Estimator.SEQUENTIAL_DOUBLY_ROBUST);
    estimators.put("weighted_doubly_robust", Estimator.SEQUENTIAL_WEIGHTED_DOUBLY_ROBUST);
    estimators.forEach((label, estimator) ->
        figures.add(
            prefix + "." + label,
            Objects.requireNonNull(result.estimates().get(estimator)).value(),
            "clicks an impression",
            peer));
    Estimate value = result.value();
    double variance = observed * (1 - observed) / own.size();
    figures
        .add(prefix + ".low", value.low(), "clicks an impression")
        .add(prefix + ".high", value.high(), "clicks an impression")
        .count(prefix + ".inside", value.contains(observed) ? 1 : 0, "of 1")
        .add(
            prefix + ".deviations",
            (value.value() - observed)
                / Math.sqrt(variance + value.standardError() * value.standardError()),
            "standard errors")
        .add(prefix + ".effective", result.sequential().effective(), "impressions")
        .count(prefix + ".doubts", result.doubts().size(), "doubts");
  }

  private static List<LoggedRequest> requests(List<Row> log, Map<Slot, Double> policy) {
    List<Map<Slot, Double>> rates = List.of(rates(log, policy, 1), rates(log, policy, 0));
    double[][] expected = new double[2][4];
    for (int half = 0; half < 2; half++) {
      for (Map.Entry<Slot, Double> chance : policy.entrySet()) {
        double rate = Objects.requireNonNull(rates.get(half).get(chance.getKey()));
        expected[half][chance.getKey().place()] += chance.getValue() * rate;
      }
    }
    List<LoggedRequest> requests = new ArrayList<>();
    for (int i = 0; i < log.size(); i++) {
      Row row = log.get(i);
      double mean = expected[i % 2][row.slot().place()];
      LoggedSlot slot =
          new LoggedSlot(
              row.click(),
              row.propensity(),
              policy.getOrDefault(row.slot(), 0.0),
              Objects.requireNonNull(rates.get(i % 2).get(row.slot())),
              mean);
      requests.add(new LoggedRequest(i, mean, List.of(slot)));
    }
    return requests;
  }

  /** The click rate of every slot that log or policy know, from every second row. */
  private static Map<Slot, Double> rates(List<Row> log, Map<Slot, Double> policy, int from) {
    Map<Slot, double[]> counts = new HashMap<>();
    policy.keySet().forEach(slot -> counts.put(slot, new double[2]));
    log.forEach(row -> counts.put(row.slot(), new double[2]));
    double clicks = 0;
    double rows = 0;
    for (int i = from; i < log.size(); i += 2) {
      double[] count = Objects.requireNonNull(counts.get(log.get(i).slot()));
      count[0] += log.get(i).click();
      count[1]++;
      clicks += log.get(i).click();
      rows++;
    }
    double all = clicks / rows;
    Map<Slot, Double> rates = new HashMap<>();
    counts.forEach((slot, count) ->
        rates.put(slot, (count[0] + PRIOR_IMPRESSIONS * all) / (count[1] + PRIOR_IMPRESSIONS)));
    return rates;
  }

  /** How often each item stands at each place, as a share of the place's rows. */
  private static Map<Slot, Double> frequencies(List<Row> log) {
    double[] places = new double[4];
    Map<Slot, Double> frequencies = new HashMap<>();
    for (Row row : log) {
      places[row.slot().place()]++;
      frequencies.merge(row.slot(), 1.0, Double::sum);
    }
    frequencies.replaceAll((slot, count) -> count / places[slot.place()]);
    return frequencies;
  }

  private static List<Row> read(Path file) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      List<String> header = Arrays.asList(Objects.toString(lines.readLine(), "").split(",", -1));
      int item = column(file, header, "item_id");
      int position = column(file, header, "position");
      int click = column(file, header, "click");
      int propensity = column(file, header, "propensity_score");
      List<Row> rows = new ArrayList<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(",", -1);
        int place = Integer.parseInt(fields[position]);
        if (place < 1 || place > 3) {
          throw WinnowException.invalid(file + ": position", place, "1 to 3");
        }
        rows.add(
            new Row(
                new Slot(fields[item], place),
                Integer.parseInt(fields[click]),
                Double.parseDouble(fields[propensity])));
      }
      return rows;
    } catch (IOException | NumberFormatException e) {
      throw new WinnowException(ErrorCode.INVALID_ARGUMENT, file + ": " + e, e);
    }
  }

  private static int column(Path file, List<String> header, String name) {
    int column = header.indexOf(name);
    if (column < 0) {
      throw WinnowException.invalid(file + ": header", header, "a column " + name);
    }
    return column;
  }
}
