package io.winnow.events;

import io.winnow.core.LogRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to the topic with one producer that all callers share, and with a new one when that has
 * failed for good: fenced, out of sequence, or closed. Thread-safe.
 */
final class KafkaSender implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KafkaSender.class);

  private final KafkaTopic topic;
  private final TopicPartition partition;
  private volatile Producer<byte[], byte[]> producer;
  private boolean closed;

  KafkaSender(KafkaTopic topic) {
    this.topic = topic;
    this.partition = topic.partition();
    this.producer = topic.newProducer();
  }

  /** The producer for one call: its records keep their order. */
  Producer<byte[], byte[]> producer() {
    return producer;
  }

  /** Sends a record; the future fails if Kafka does not take it in time. */
  Future<RecordMetadata> send(
      Producer<byte[], byte[]> current, LogRecord logRecord, byte[] encoded) {
    return current.send(
        new ProducerRecord<>(partition.topic(), partition.partition(), key(logRecord), encoded));
  }

  /** Whom or what the record is about: the user of an event, the item of a catalogue record. */
  private static byte[] key(LogRecord logRecord) {
    String key =
        switch (logRecord) {
          case LogRecord.Happened happened -> happened.event().user().value();
          case LogRecord.UserPut put -> put.user().value();
          case LogRecord.ItemPut put -> put.item().value();
          case LogRecord.ItemRemoved removed -> removed.item().value();
          case LogRecord.Exposed exposed -> exposed.exposure().user().value();
        };
    return key.getBytes(StandardCharsets.UTF_8);
  }

  /** Replaces a producer whose failure will not pass. What others sent with it fails, too. */
  void failed(Producer<byte[], byte[]> used, Throwable failure) {
    if (failure instanceof RetriableException || failure instanceof InterruptException) {
      return;
    }
    synchronized (this) {
      if (!used.equals(producer) || closed) {
        return;
      }
      log.warn("event log: the producer of topic {} is replaced", topic.name(), failure);
      producer = topic.newProducer();
    }
    Closing.uninterrupted(() -> used.close(Duration.ZERO));
  }

  /** What is still on its way fails. */
  @Override
  public synchronized void close() {
    closed = true;
    producer.close(Duration.ZERO);
  }
}
