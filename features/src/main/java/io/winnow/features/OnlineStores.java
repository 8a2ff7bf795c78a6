package io.winnow.features;

import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
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

  /**
   * A store whose users are in Redis, where workers write them; everything else it keeps in memory
   * and begins with what Redis has of it. It answers as soon as it is open, and of users as of the
   * log's end as soon as there is a worker.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} that names features which do not fit, or
   *     the address; {@code UNAVAILABLE} if Redis does not answer, or is set to evict keys
   */
  public static OnlineStore redis(ApplicationDefinition application, RedisConfig config) {
    return new RedisOnlineStore(FeaturePlan.of(application), config);
  }

  /**
   * Starts a worker that writes users to Redis, for the stores of {@link #redis}.
   *
   * @param id no other worker has it, nor had it before
   * @param log what it folds
   * @throws WinnowException as {@link #redis}
   */
  public static FeatureWorker redisWorker(
      ApplicationDefinition application, RedisConfig config, String id, RecordSource log) {
    return new RedisWorker(FeaturePlan.of(application), config, id, log);
  }
}
