package io.winnow.app;

import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import io.winnow.models.network.TrainingDevice;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that trains. */
final class TrainingOptions {
  @Option(names = "--seed", description = "Decides everything random (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--settings",
      paramLabel = "FILE",
      description =
          "How to train, as 'winnow tune' writes it; what it leaves out keeps its default.")
  private @Nullable Path settings;

  @Option(
      names = "--device",
      description = {
        "cpu, gpu, or auto: a GPU if its native library is on the class path (default: auto).",
        "See docs/gpu.md."
      })
  private @Nullable String device;

  /** The configuration that they lead to; chooses the device of this process's trainings. */
  TrainerConfig config() {
    if (device != null) {
      TrainingDevice.choose(device);
    }
    TrainerConfig defaults =
        TrainerConfig.defaults(seed, Runtime.getRuntime().availableProcessors());
    return settings == null ? defaults : TrainerSettings.read(settings, defaults);
  }
}
