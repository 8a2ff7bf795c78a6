package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import java.util.ArrayList;
import java.util.List;

/** What an arm changes, in one line. */
final class ArmText {
  private ArmText() {}

  static String of(Experiment.Settings settings) {
    List<String> parts = new ArrayList<>();
    if (settings.release() != null) {
      parts.add("release " + settings.release());
    }
    settings.quotas().forEach((source, quota) -> parts.add(source + ": " + quota));
    settings.objectives().forEach((name, weight) -> parts.add("weight of " + name + ": " + weight));
    Experiment.RerankingChange reranking = settings.reranking();
    if (reranking.diversity() != null) {
      parts.add("diversity: " + reranking.diversity().strength());
    }
    if (reranking.caps() != null) {
      parts.add("caps: " + reranking.caps());
    }
    if (reranking.explore() != null) {
      parts.add("explore: " + reranking.explore());
    }
    if (reranking.exclude() != null) {
      parts.add("exclude: " + reranking.exclude().size() + " rules");
    }
    return String.join(", ", parts);
  }
}
