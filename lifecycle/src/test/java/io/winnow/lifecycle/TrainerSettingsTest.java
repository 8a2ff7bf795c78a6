package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrainerSettingsTest {
  private static final TrainerConfig DEFAULTS = TrainerConfig.defaults(7, 3);

  @TempDir Path folder;

  private static List<Problem> refused(String text) {
    WinnowException refusal =
        assertThrows(
            WinnowException.class, () -> TrainerSettings.parse(text, "tuned.yaml", DEFAULTS));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal.code());
    return refusal.problems();
  }

  @Test
  void text_parsedBack_isTheSameConfiguration() {
    for (TrainerConfig config : List.of(DEFAULTS, TinyWorld.config(7))) {
      String text = TrainerSettings.text(config);
      TrainerConfig base = TrainerConfig.defaults(config.seed(), config.threads());
      assertEquals(config, TrainerSettings.parse(text, "tuned.yaml", base), text);
    }
    assertNotEquals(TrainerSettings.text(DEFAULTS), TrainerSettings.text(TinyWorld.config(7)));
  }

  @Test
  void text_everySettingChangedAlone_isReadBack() {
    Map<String, String> defaults = TrainerSettings.values(DEFAULTS);
    assertTrue(defaults.size() > 40, defaults.keySet().toString());
    int changed = 0;
    for (Map.Entry<String, String> setting : defaults.entrySet()) {
      for (String other : List.of("1", "2", "0.5", "true")) {
        TrainerConfig config;
        try {
          config = TrainerSettings.with(DEFAULTS, Map.of(setting.getKey(), other));
        } catch (WinnowException e) {
          continue;
        }
        if (!config.equals(DEFAULTS)) {
          assertEquals(config, TrainerSettings.parse(TrainerSettings.text(config), "t", DEFAULTS));
          changed++;
          break;
        }
      }
    }
    assertTrue(changed > 40, changed + " of " + defaults.size());
  }

  @Test
  void read_aFewSettings_keepsTheOthersAndSeedAndThreads() throws IOException {
    Path file = folder.resolve("tuned.yaml");
    Files.writeString(
        file,
        """
        # what the search found
        encoder:
          training: { learning_rate: 3e-3, epochs: 7 }
        linear:
          ease:
            memory_power: .5
        """);
    TrainerConfig config = TrainerSettings.read(file, DEFAULTS);
    assertEquals(3e-3, config.encoder().training().learningRate());
    assertEquals(7, config.encoder().training().epochs());
    assertEquals(0.5, config.linear().ease().memoryPower());
    assertEquals(DEFAULTS.encoder().network(), config.encoder().network());
    assertEquals(3e-3, config.encoderRefit().training().learningRate());
    assertEquals(
        DEFAULTS.encoderRefit().training().epochs(), config.encoderRefit().training().epochs());
    assertEquals(DEFAULTS.ranker(), config.ranker());
    assertEquals(7, config.seed());
    assertEquals(3, config.threads());
    assertEquals(config, TrainerSettings.parse(TrainerSettings.text(config), "again", DEFAULTS));
  }

  @Test
  void parse_anEmptyFile_changesNothing() {
    assertEquals(DEFAULTS, TrainerSettings.parse("# nothing yet\n", "t", DEFAULTS));
  }

  @Test
  void parse_unknownSettings_namesTheNearestAndTheLine() {
    List<Problem> problems =
        refused("encoder:\n  training:\n    learning_rat: 0.1\nencodr: { epochs: 3 }\nseed: 5\n");
    assertEquals(3, problems.size(), problems.toString());
    assertEquals("encoder.training.learning_rat", problems.get(0).field());
    assertEquals("tuned.yaml:3", problems.get(0).location());
    assertTrue(
        problems.get(0).expectation().endsWith("did you mean learning_rate?"),
        problems.get(0).expectation());
    assertTrue(
        problems.get(1).expectation().endsWith("did you mean encoder?"),
        problems.get(1).expectation());
    assertEquals("seed", problems.get(2).field());
  }

  @Test
  void parse_wrongTypesAndRanges_areToldWithPathAndLine() {
    List<Problem> problems =
        refused(
            """
            encoder:
              network:
                dropout: 1.5
            linear:
              ease:
                item_limit: many
              transitions:
                steps: 2.5
            split:
              vectors: maybe
            """);
    assertEquals(
        List.of(
            "tuned.yaml:6: linear.ease.item_limit: many (expected: a whole number)",
            "tuned.yaml:8: linear.transitions.steps: 2.5 (expected: a whole number)",
            "tuned.yaml:10: split.vectors: maybe (expected: true or false)",
            "tuned.yaml:3: encoder.network.dropout: 1.5 (expected: 0.0 to 0.9)"),
        problems.stream().map(Problem::toString).toList());
    assertEquals(
        "tuned.yaml:1: encoder_refit.network.dropout: 0.95 (expected: 0.0 to 0.9)",
        refused("encoder_refit: { network: { dropout: 0.95 } }\n").getFirst().toString());
  }

  @Test
  void parse_splitOutsideItsRanges_isToldWithPathAndLine() {
    assertEquals(
        List.of(
            "tuned.yaml:2: split.ranker_share: 1.0 (expected: between 0 and 1, without both)",
            "tuned.yaml:7: split.history: 201 (expected: 0 to 200)",
            "tuned.yaml:3: split.min_choices: 0 (expected: 1 or more)",
            "tuned.yaml:4: split.min_slate_outcomes: -1 (expected: 1 or more)",
            "tuned.yaml:5: split.min_ranker_requests: 0 (expected: 1 or more)",
            "tuned.yaml:6: split.max_ranker_requests: 0 (expected: 1 or more)"),
        refused(
                """
                split:
                  ranker_share: 1
                  min_choices: 0
                  min_slate_outcomes: -1
                  min_ranker_requests: 0
                  max_ranker_requests: 0
                  history: 201
                """)
            .stream()
            .map(Problem::toString)
            .toList());
    assertEquals("split.ranker_share", refused("split: {ranker_share: 0}\n").getFirst().field());
    assertEquals("split.history", refused("split: {history: -1}\n").getFirst().field());
    assertEquals(
        200, TrainerSettings.parse("split: {history: 200}\n", "t", DEFAULTS).split().history());
  }

  @Test
  void parse_refitOfAnotherShape_isToldBeforeAnythingIsTrained() {
    assertEquals(
        List.of(
            "tuned.yaml:3: encoder_refit.network.embedding_size: 32 (expected: 64, as"
                + " encoder.network has it, with which the refit goes on)",
            "tuned.yaml:4: encoder_refit.network.heads: 4 (expected: 2, as encoder.network has"
                + " it, with which the refit goes on)"),
        refused("encoder_refit:\n  network:\n    embedding_size: 32\n    heads: 4\n").stream()
            .map(Problem::toString)
            .toList());
    for (String other : List.of("blocks: 3", "max_length: 7")) {
      assertEquals(1, refused("encoder_refit: {network: {" + other + "}}\n").size(), other);
    }
    TrainerConfig fits =
        TrainerSettings.parse(
            "encoder: {network: {heads: 4}}\nencoder_refit: {network: {dropout: 0.4}}\n",
            "t",
            DEFAULTS);
    assertEquals(4, fits.encoderRefit().network().heads());
    assertEquals(0.4, fits.encoderRefit().network().dropout());
  }

  @Test
  void parse_whatIsNotSettings_isRefused() {
    assertEquals("file", refused("just text").getFirst().field());
    assertEquals("encoder", refused("encoder: [1, 2]\n").getFirst().field());
    assertEquals("encoder", refused("encoder:\n").getFirst().field());
    assertTrue(refused("encoder: {a: 1\n").getFirst().expectation().contains("YAML"));
  }

  @Test
  void read_noSuchFile_isNotFound() {
    WinnowException refusal =
        assertThrows(
            WinnowException.class,
            () -> TrainerSettings.read(folder.resolve("none.yaml"), DEFAULTS));
    assertEquals(ErrorCode.NOT_FOUND, refusal.code());
  }
}
