package io.winnow.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.lifecycle.ExperimentChange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What every run of every experiment began with, kept in a file: one that was changed while the
 * server was down, or that was taken out and comes back with other arms, is told from the one whose
 * units are in the log.
 *
 * <p>Not thread-safe. At most {@value #RUNS_MAX} runs are kept; of more, the oldest are forgotten.
 */
final class ExperimentRuns {
  /** Most runs that are kept. */
  static final int RUNS_MAX = 1_000;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final TypeReference<Map<String, Map<String, String>>> RUNS =
      new TypeReference<>() {};

  private final Path file;
  private final Map<String, Map<String, String>> runs;

  private ExperimentRuns(Path file, Map<String, Map<String, String>> runs) {
    this.file = file;
    this.runs = new LinkedHashMap<>(runs);
  }

  /**
   * Reads what is kept, if there is anything.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the file is none of this class's
   */
  static ExperimentRuns in(Path file) {
    if (!Files.exists(file)) {
      return new ExperimentRuns(file, Map.of());
    }
    try {
      return new ExperimentRuns(file, JSON.readValue(Files.readString(file), RUNS));
    } catch (JsonProcessingException e) {
      throw WinnowException.invalid(
          "experiments",
          file,
          "a file as Winnow writes it; without it nothing is known of past runs");
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * What of these experiments is not what their run began with.
   *
   * @return by the experiment's name, at least one problem each; runs that nothing is known of have
   *     none
   */
  Map<String, List<Problem>> problems(Experiments experiments) {
    Map<String, List<Problem>> problems = new LinkedHashMap<>();
    for (Experiment experiment : experiments.list()) {
      Map<String, String> was = runs.get(key(experiment));
      List<Problem> found =
          was == null ? List.of() : ExperimentChange.problems(was, experiment, experiments);
      if (!found.isEmpty()) {
        problems.put(experiment.name(), found);
      }
    }
    return problems;
  }

  /** Keeps what runs begin with that nothing is known of yet. */
  void remember(Experiments experiments) {
    boolean changed = false;
    for (Experiment experiment : experiments.list()) {
      String key = key(experiment);
      if (!runs.containsKey(key)) {
        runs.put(key, new LinkedHashMap<>(ExperimentChange.frozen(experiment, experiments)));
        changed = true;
      }
    }
    if (changed) {
      forget(experiments);
      write();
    }
  }

  /** Forgets the oldest of too many, but none of the experiments that there are. */
  private void forget(Experiments experiments) {
    List<String> current = new ArrayList<>();
    experiments.list().forEach(experiment -> current.add(key(experiment)));
    Iterator<String> oldest = runs.keySet().iterator();
    while (runs.size() > RUNS_MAX && oldest.hasNext()) {
      if (!current.contains(oldest.next())) {
        oldest.remove();
      }
    }
  }

  private void write() {
    try {
      DataFolder.replace(file, JSON.writeValueAsString(runs) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("texts are always JSON", e);
    }
  }

  private static String key(Experiment experiment) {
    return experiment.name() + "/" + experiment.run();
  }
}
