package io.winnow.models.encoder;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.models.network.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A process that trains {@link CheckpointsTest}'s encoder with checkpoints, to be killed. */
final class TrainingProcess {
  private TrainingProcess() {}

  static Process start(Path folder) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            TrainingProcess.class.getName(),
            folder.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Two trainings with the same summary gave the same bytes. */
  static String summary(TrainedEncoder trained) {
    return List.of(
            Arrays.hashCode(trained.onnx()),
            Arrays.hashCode(trained.itemVectors()),
            Arrays.hashCode(trained.tokenVectors()))
        .toString();
  }

  public static void main(String[] arguments) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    Progress progress =
        new Progress() {
          @Override
          public void onEpoch(Epoch epoch) {
            out.println("epoch " + epoch.epoch());
          }

          @Override
          public void onNote(String model, String note) {
            out.println(note);
          }
        };
    TrainedEncoder trained =
        new EncoderTrainer(CheckpointsTest.config(), new Seed(1), TimeSource.system())
            .train(
                CheckpointsTest.interactions(),
                CheckpointsTest.tokens(),
                null,
                progress,
                new Checkpoints(Path.of(arguments[0]), "encoder", 60_000));
    out.println(summary(trained));
  }
}
