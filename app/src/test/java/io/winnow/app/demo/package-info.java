@NullMarked
package io.winnow.app.demo;

import org.jspecify.annotations.NullMarked;
