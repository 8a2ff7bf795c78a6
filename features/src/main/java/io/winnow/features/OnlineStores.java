package io.winnow.features;

import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import java.nio.file.Path;

/** Opens online stores. */
public final class OnlineStores {
  private OnlineStores() {}

  /**
   * A store that keeps everything in memory, without bound, and starts empty.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} that names features which do not fit
   */
  public static OnlineStore inMemory(ApplicationDefinition application) {
    return inMemory(HeldFeatures.of(application));
  }

  /** The same with more features than the application's. */
  public static OnlineStore inMemory(HeldFeatures features) {
    return new MemoryOnlineStore(FeaturePlan.of(features));
  }

  /**
   * A store in a folder, which is created if it is absent. State of other features, of an older
   * format, or damaged is discarded with a warning: then {@link OnlineStore#appliedOffset()} is 0.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} that names features which do not fit;
   *     {@code UNAVAILABLE} if another process uses the folder or it cannot be written
   */
  public static OnlineStore embedded(
      ApplicationDefinition application, Path folder, EmbeddedConfig config) {
    return embedded(HeldFeatures.of(application), folder, config);
  }

  /** The same with more features than the application's. */
  public static OnlineStore embedded(HeldFeatures features, Path folder, EmbeddedConfig config) {
    return new EmbeddedOnlineStore(FeaturePlan.of(features), folder, config);
  }
}
