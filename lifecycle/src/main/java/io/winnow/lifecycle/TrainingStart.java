package io.winnow.lifecycle;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.encoder.EncoderSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Where a training begins. */
public sealed interface TrainingStart {
  /** The setting of a release's provenance that says how it began. */
  String SETTING = "training";

  /** With nothing: every model learns from the whole log. */
  record Full() implements TrainingStart {}

  /**
   * With a release: its models learn what came behind its data, and rehearse a share of the rest.
   *
   * @param release what goes on; the parent of what comes out
   */
  record From(Release release) implements TrainingStart {}

  /** Begins anew. */
  static TrainingStart full() {
    return new Full();
  }

  /**
   * Goes on from a release.
   *
   * @see #obstacles what keeps a training from that
   */
  static TrainingStart from(Release release) {
    return new From(release);
  }

  /**
   * Goes on from a release where nothing keeps a training from it, else begins anew and says why:
   * for schedules, which want a release rather than a refusal.
   */
  static TrainingStart fromOrFull(
      Release release,
      ApplicationFile application,
      TrainerConfig config,
      TrainingProgress progress) {
    List<Problem> problems = obstacles(release, application, config);
    if (problems.isEmpty()) {
      return from(release);
    }
    progress.step("start", "in full: " + cannot(release.version(), problems).getMessage());
    return full();
  }

  /** What {@link #SETTING} is for it. */
  default String label() {
    return switch (this) {
      case Full _ -> "full";
      case From _ -> "incremental";
    };
  }

  /** Whether a release came out of a training that began with nothing. */
  static boolean wasFull(ReleaseManifest manifest) {
    return !"incremental".equals(manifest.provenance().settings().get(SETTING));
  }

  /**
   * What keeps a training from going on from a release; empty if nothing does. That there is
   * nothing new is no obstacle here, since this does not look at the log.
   *
   * @param application as it is now
   * @param config of the training
   */
  static List<Problem> obstacles(
      Release release, ApplicationFile application, TrainerConfig config) {
    List<Problem> problems = new ArrayList<>();
    RetrievalModels.Deep deep = release.models().deep();
    if (deep == null || release.models().linear() == null) {
      return List.of(new Problem("release", release.version(), "a release that was trained"));
    }
    List<String> imported =
        release.manifest().provenance().imported().stream()
            .map(ReleaseManifest.Imported::role)
            .toList();
    if (!imported.isEmpty()) {
      problems.add(
          new Problem(
              "release.imported",
              String.join(", ", imported),
              "no network from elsewhere: only what Winnow trained goes on"));
    } else if (deep.encoder().weights().isEmpty()) {
      problems.add(new Problem("release.encoder", "without weights", "one that can go on"));
    }
    ApplicationDefinition now = application.definition();
    ApplicationDefinition before = release.definition();
    require(problems, now.name().equals(before.name()), "application", now.name(), before.name());
    require(
        problems,
        now.schema().equals(before.schema()),
        "application.schema",
        "another than the release's",
        "the release's: items, users and events as it knew them");
    require(
        problems,
        now.objectives().equals(before.objectives()),
        "application.objectives",
        "others than the release's",
        "the release's, which say what a choice is");
    encoder(problems, deep.encoder().spec(), config.encoderRefit().network(), release.manifest());
    return problems;
  }

  private static void encoder(
      List<Problem> problems,
      EncoderSpec spec,
      EncoderConfig.Network network,
      ReleaseManifest manifest) {
    same(problems, "embedding_size", network.embeddingSize(), spec.embeddingSize());
    same(problems, "blocks", network.blocks(), spec.blocks());
    same(problems, "max_length", network.maxLength(), spec.maxLength());
    String heads = manifest.provenance().settings().get("encoder.network.heads");
    if (heads != null) {
      require(
          problems,
          heads.equals(Integer.toString(network.heads())),
          "encoder.network.heads",
          Integer.toString(network.heads()),
          heads + ", as the release's");
    }
  }

  private static void same(List<Problem> problems, String name, int now, int before) {
    require(
        problems,
        now == before,
        "encoder.network." + name,
        Integer.toString(now),
        before + ", as the release's");
  }

  private static void require(
      List<Problem> problems, boolean holds, String field, String value, String expected) {
    if (!holds) {
      problems.add(new Problem(field, value, expected));
    }
  }

  /**
   * Refuses a release that cannot be gone on from.
   *
   * @throws WinnowException with {@code CONFLICT} and every obstacle
   */
  static void require(Release release, ApplicationFile application, TrainerConfig config) {
    List<Problem> problems = obstacles(release, application, config);
    if (!problems.isEmpty()) {
      throw cannot(release.version(), problems);
    }
  }

  /** Why a training cannot go on from a release. */
  static WinnowException cannot(String version, List<Problem> problems) {
    return new WinnowException(
        ErrorCode.CONFLICT,
        "training cannot go on from release %s: %s; train in full instead"
            .formatted(
                version,
                problems.stream().map(Problem::toString).collect(Collectors.joining("; "))),
        problems,
        null);
  }
}
