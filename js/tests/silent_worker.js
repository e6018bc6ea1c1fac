/* A worker that starts and says nothing. */

setInterval(() => {}, 1000);
