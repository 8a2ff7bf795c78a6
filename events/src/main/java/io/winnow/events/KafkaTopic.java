package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topic that is the log: found or made, checked, and asked whether it is still the one that was
 * found. It also makes the clients that write and read it. Thread-safe.
 *
 * <p>It has one partition, because Kafka's offset is the log's, and keeps every record for ever,
 * because the log is the truth.
 */
final class KafkaTopic implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KafkaTopic.class);

  private static final String FIELD = "engines.log";
  private static final int REPLICAS_WANTED = 3;

  /** Kafka's own bound on a batch, and what key, framing and headers may add to a record. */
  private static final int MESSAGE_BYTES_DEFAULT = 1 << 20;

  private static final int RECORD_OVERHEAD_BYTES = 16 << 10;

  private static final int BATCH_BYTES = 256 << 10;
  private static final int FETCH_BYTES_MAX = 8 << 20;
  private static final int POLL_RECORDS_MAX = 1024;

  /** A fetch waits for records, so a shorter time says nothing. */
  private static final int CONSUMER_REQUEST_MS_MIN = 2000;

  private static final int RECONNECT_MS_MAX = 500;

  private final KafkaLogConfig config;
  private final Admin admin;
  private final TopicPartition partition;
  private String identity = "";
  private int replicasInSyncMin = 1;
  private long endOffset;

  private KafkaTopic(KafkaLogConfig config, Admin admin) {
    this.config = config;
    this.admin = admin;
    this.partition = new TopicPartition(config.kafka().topic(), 0);
  }

  /**
   * Finds or makes the topic.
   *
   * @throws WinnowException {@code UNAVAILABLE} if Kafka does not answer in time; {@code
   *     INVALID_ARGUMENT} for a topic that cannot be a log; {@code CORRUPT} for one that has lost
   *     its beginning
   */
  static KafkaTopic open(KafkaLogConfig config) {
    KafkaTopic topic;
    try {
      topic = new KafkaTopic(config, Admin.create(adminSettings(config)));
    } catch (KafkaException e) {
      throw unavailable(config, e);
    }
    try {
      topic.findOrMake();
      return topic;
    } catch (ExecutionException e) {
      WinnowException failure = unavailable(config, e.getCause() == null ? e : e.getCause());
      Closing.afterFailure(List.of(topic), failure);
      throw failure;
    } catch (RuntimeException e) {
      Closing.afterFailure(List.of(topic), e);
      throw e;
    }
  }

  static WinnowException unavailable(KafkaLogConfig config, Throwable cause) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE,
        "event log: Kafka at %s does not serve topic %s: %s"
            .formatted(config.kafka().bootstrapServers(), config.kafka().topic(), cause),
        cause);
  }

  private void findOrMake() throws ExecutionException {
    TopicDescription description = describe(config.answerWithinMs());
    if (description == null) {
      make();
      description = awaitDescription();
    }
    if (description.partitions().size() != 1) {
      throw WinnowException.invalid(
          FIELD,
          "topic %s with %d partitions".formatted(name(), description.partitions().size()),
          "a topic with one partition: its offsets are the order of the log");
    }
    identity =
        "%s %s %s"
            .formatted(get(admin.describeCluster().clusterId()), description.topicId(), name());
    checkSettings();
    awaitOffsets();
  }

  private @Nullable TopicDescription describe(int withinMs) throws ExecutionException {
    try {
      return get(admin
              .describeTopics(List.of(name()), new DescribeTopicsOptions().timeoutMs(withinMs))
              .allTopicNames())
          .get(name());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return null;
      }
      throw e;
    }
  }

  private void make() throws ExecutionException {
    int brokers = get(admin.describeCluster().nodes()).size();
    int replicas = Math.min(REPLICAS_WANTED, brokers);
    Map<String, String> settings = new HashMap<>();
    settings.put(TopicConfig.RETENTION_MS_CONFIG, "-1");
    settings.put(TopicConfig.RETENTION_BYTES_CONFIG, "-1");
    settings.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
    settings.put(
        TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(Math.max(1, replicas - 1)));
    settings.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(messageBytes()));
    NewTopic topic = new NewTopic(name(), 1, (short) replicas).configs(settings);
    try {
      get(admin.createTopics(List.of(topic)).all());
      log.info("event log: made topic {} with {} replicas", name(), replicas);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
      // Another server was quicker.
    }
  }

  /** What was made is not known to every broker at once. */
  private TopicDescription awaitDescription() throws ExecutionException {
    long deadline = deadline();
    TopicDescription description = describe(config.answerWithinMs());
    while (description == null && System.nanoTime() < deadline) {
      description = describe(config.answerWithinMs());
    }
    if (description == null) {
      throw unavailable(config, new UnknownTopicOrPartitionException("still, after it was made"));
    }
    return description;
  }

  private void checkSettings() throws ExecutionException {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name());
    Config settings;
    try {
      settings =
          get(admin.describeConfigs(List.of(resource)).all()).getOrDefault(resource, noSettings());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        log.warn("event log: the settings of topic {} may not be read: unchecked", name());
        return;
      }
      throw e;
    }
    String cleanup = setting(settings, TopicConfig.CLEANUP_POLICY_CONFIG, "");
    if (cleanup.contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
      throw WinnowException.invalid(
          FIELD,
          "topic %s with cleanup.policy %s".formatted(name(), cleanup),
          "cleanup.policy delete: a compacted topic loses events");
    }
    int messageBytes =
        Integer.parseInt(
            setting(settings, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "" + MESSAGE_BYTES_DEFAULT));
    if (messageBytes < largestRecordBytes()) {
      throw WinnowException.invalid(
          FIELD,
          "topic %s with max.message.bytes %d".formatted(name(), messageBytes),
          "at least %d, so that every record fits".formatted(largestRecordBytes()));
    }
    for (String retention :
        List.of(TopicConfig.RETENTION_MS_CONFIG, TopicConfig.RETENTION_BYTES_CONFIG)) {
      String value = setting(settings, retention, "-1");
      if (!value.equals("-1")) {
        log.warn(
            "event log: topic {} has {}={} (expected: -1): Kafka will delete the beginning of the"
                + " log, and nothing can be rebuilt from it then",
            name(),
            retention,
            value);
      }
    }
    replicasInSyncMin =
        Integer.parseInt(setting(settings, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "1"));
  }

  private static Config noSettings() {
    return new Config(List.of());
  }

  private static String setting(Config settings, String name, String otherwise) {
    return settings.get(name) == null ? otherwise : settings.get(name).value();
  }

  /**
   * Asks for the offsets until there is an answer: a topic that was made a moment ago drops a
   * producer's first records, after a delivery timeout, unless its leader answered once
   * (KAFKA-15591).
   */
  private void awaitOffsets() throws ExecutionException {
    long deadline = deadline();
    while (true) {
      try {
        long first = offset(OffsetSpec.earliest());
        if (first != 0) {
          throw new WinnowException(
              ErrorCode.CORRUPT,
              "event log: topic %s begins at offset %d (expected: 0): Kafka deleted the beginning"
                      .formatted(name(), first)
                  + " of the log; look at its retention.ms and retention.bytes");
        }
        endOffset = offset(OffsetSpec.latest());
        return;
      } catch (ExecutionException e) {
        if (System.nanoTime() >= deadline) {
          throw e;
        }
      }
    }
  }

  private long offset(OffsetSpec spec) throws ExecutionException {
    return get(admin.listOffsets(Map.of(partition, spec)).partitionResult(partition)).offset();
  }

  private long deadline() {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(config.answerWithinMs());
  }

  /** The client bounds how long it takes. */
  private static <T> T get(KafkaFuture<T> future) throws ExecutionException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "event log: interrupted while Kafka was asked", e);
    }
  }

  String name() {
    return partition.topic();
  }

  TopicPartition partition() {
    return partition;
  }

  /** Names the log: a topic that is deleted and made again, or of another cluster, has another. */
  String identity() {
    return identity;
  }

  /** Behind the last record when Kafka was asked last. */
  long endOffset() {
    return endOffset;
  }

  /** Asks Kafka for the end again. */
  void askEndOffset() {
    try {
      endOffset = offset(OffsetSpec.latest());
    } catch (ExecutionException e) {
      throw unavailable(config, e.getCause() == null ? e : e.getCause());
    }
  }

  /** What became of the topic. */
  sealed interface State {
    /** It takes records. */
    record Serving() implements State {}

    /** It takes none at present. */
    record Troubled(String why) implements State {}

    /** It is not the topic that was opened. */
    record Gone(String why) implements State {}
  }

  /** Asks Kafka, and waits for the answer a while. */
  State state(int withinMs) {
    TopicDescription now;
    try {
      now = describe(withinMs);
    } catch (ExecutionException | WinnowException e) {
      return new State.Troubled(
          "Kafka at %s does not answer: %s"
              .formatted(
                  config.kafka().bootstrapServers(), e.getCause() == null ? e : e.getCause()));
    }
    if (now == null) {
      return new State.Gone("topic %s was deleted".formatted(name()));
    }
    if (!identity.contains(" " + now.topicId() + " ")) {
      return new State.Gone("topic %s was deleted and made again".formatted(name()));
    }
    TopicPartitionInfo partitionNow = now.partitions().getFirst();
    if (partitionNow.leader() == null || partitionNow.leader().isEmpty()) {
      return new State.Troubled("topic %s has no leader".formatted(name()));
    }
    if (partitionNow.isr().size() < replicasInSyncMin) {
      return new State.Troubled(
          "topic %s has %d replicas in sync (expected: at least %d)"
              .formatted(name(), partitionNow.isr().size(), replicasInSyncMin));
    }
    return new State.Serving();
  }

  /** A new producer that acknowledges what all replicas in sync have, each record once. */
  Producer<byte[], byte[]> newProducer() {
    Map<String, Object> settings = clientSettings(config);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.LINGER_MS_CONFIG, 1);
    settings.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, messageBytes());
    // Twice what may be on its way, so that no call waits for room: batches are not filled.
    settings.put(
        ProducerConfig.BUFFER_MEMORY_CONFIG,
        Math.max(2L * config.limits().queueBytes(), 2L * BATCH_BYTES));
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, config.answerWithinMs() / 2);
    settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, config.answerWithinMs() / 2);
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, config.answerWithinMs());
    return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * A new consumer of the topic; it stands nowhere yet.
   *
   * @param waitMs how long Kafka holds back an answer without records; a consumer that goes
   *     elsewhere meanwhile waits for that answer first
   */
  Consumer<byte[], byte[]> newConsumer(int waitMs) {
    Map<String, Object> settings = clientSettings(config);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, waitMs);
    settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS_MAX);
    settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES_MAX);
    settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES_MAX);
    settings.put(
        ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG,
        Math.max(CONSUMER_REQUEST_MS_MIN, config.answerWithinMs() / 2));
    settings.put(
        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
        Math.max(CONSUMER_REQUEST_MS_MIN, config.answerWithinMs()));
    Consumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(List.of(partition));
    return consumer;
  }

  private static Map<String, Object> adminSettings(KafkaLogConfig config) {
    Map<String, Object> settings = clientSettings(config);
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, config.answerWithinMs());
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, config.answerWithinMs() / 2);
    return settings;
  }

  private static Map<String, Object> clientSettings(KafkaLogConfig config) {
    Map<String, Object> settings = new HashMap<>();
    settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, config.kafka().bootstrapServers());
    settings.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, RECONNECT_MS_MAX);
    // Metrics of the clients stay with the clients.
    settings.put(CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG, "");
    settings.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
    return settings;
  }

  private int largestRecordBytes() {
    return Math.addExact(config.limits().recordBytes(), RECORD_OVERHEAD_BYTES);
  }

  private int messageBytes() {
    return Math.max(MESSAGE_BYTES_DEFAULT, largestRecordBytes());
  }

  @Override
  public void close() {
    admin.close(Duration.ofMillis(config.answerWithinMs()));
  }
}
