"""Sentences that customers and agents of the demo shop write in English."""

TEXT = """
topic: order | Support | delivery, order | delivered
subject: Where is my order {order}?
subject: Order {order} has not arrived
subject: Delivery of {order}
ask: I ordered {product} on {day} and the tracking has said "in transit" for {n} days now. Order number is {order}.
  Could you check where it is?
ask: My order {order} ({product}) was meant to be here by {day}, but nothing has come and the courier's page is blank.
ask: Quick one: has {order} shipped yet? I had a confirmation on {day} and then silence. It is a birthday present, so
  I am getting a little nervous.
chat: has my order {order} shipped yet?
chat: hello, my parcel is late. order {order}
answer: I have just looked it up: {order} left our roastery on {day} and is at the {city} depot. It should be with you
  tomorrow before six. I am keeping an eye on it.
answer: Sorry for the wait. The courier tried to deliver {order} on {day} and nobody answered, so it is at the pick-up
  point near the station in {city}. I have asked for a second attempt tomorrow.
answer: Thanks for the nudge. {order} got stuck in sorting in {city}; I have opened a trace (number {ref}) and if it has
  not moved by {day} we send a new {own} at our cost.
more: Thank you. Can the driver leave it with the neighbour at number {n} if I am out?
more: The tracking still shows the old date. Is there anything I need to do?
answer2: Of course, I have added that to the delivery note. You will get a text message an hour before.
answer2: Nothing at all from your side. The page updates at night; I have it on my list and will write when it moves.

topic: return | Returns | return | refunded
subject: Returning {product}
subject: Can I send {product} back?
subject: Refund for {order}
ask: I would like to return {product} from order {order}. It is unopened; I simply ordered the wrong size. How does it
  work, and who pays the postage?
ask: Is it still possible to send {product} back? I bought it on {day} and it does not fit under our kitchen cupboard.
ask: I posted {product} back on {day}, order {order}, and have not seen the refund on my card. When can I expect it?
chat: hi! how do I return {product}?
chat: how long does a refund take? order {order}
answer: No problem at all. The return label for {order} is attached to your account; print it, stick it on any box and
  drop it at a post office within 30 days. Postage is on us.
answer: Yes, you have 30 days from delivery. I have sent the label; once it reaches us the refund of {price} takes three
  working days.
answer: Your parcel reached us on {day} and I have just released the refund of {price}. Banks usually need two to five
  days to show it.
more: Great, thanks. The original box is gone, is a plain one all right?
more: Could I swap it for {product2} instead of the refund?
answer2: A plain box is fine, as long as it is padded a little.
answer2: Gladly. I have reserved {product2} for you; the difference of {price} goes back to your card.

topic: broken | Returns | damaged, photo | replaced
subject: {product} arrived broken
subject: Damaged parcel, order {order}
ask: The parcel came today and {product} is cracked right through. The box had a big dent on one side. I have added a
  photo. Order {order}.
ask: Sadly {product} from {order} arrived in pieces; packaging was fine on the outside. What do you need from me?
ask: The lid of {product} was broken when I opened the box. The rest is perfect, so maybe you can send only the lid?
chat: my {own} came broken :( order {order}
chat: the parcel was crushed and {product} is cracked
answer: Oh no, I am sorry. Thank you for the details, that is all I need. A new {own} leaves us {day}; please just
  throw the broken one away.
answer: That should not happen. I have set up a replacement for {order} at no cost and told our packing team. You
  will get
  the tracking number tonight.
answer: I am sorry about that. Would you rather have a replacement or your {price} back? Either is done in a minute.
more: Thank you, that was quick! A replacement please.
more: Thanks. Do I really not have to send anything back?
answer2: Done: the replacement is booked under {ref}.
answer2: Really not. Keep it, mend it, make it a flower pot.

topic: grinder | Sales | advice, grinder | advised
subject: Which grinder for {product}?
subject: Advice on a grinder
subject: Choosing between {product} and {product2}
ask: I have had {product} for a year and am still buying ground coffee. What grinder would you put next to it for around
  {price}? We make about {n} cups a day.
ask: I cannot decide between {product} and {product2}. Mostly filter, an espresso at weekends. Is the dearer one
  worth it?
ask: Do you have anything that grinds quietly? We live in a flat with thin walls and I get up at five.
chat: hey, which grinder goes well with {product}?
chat: is {product2} better than {product} for espresso?
answer: Good question. For {n} cups of filter a day I would take {product2}: steel burrs, easy to clean, and you hear
  the
  kettle over it. You only need more for espresso every day.
answer: If espresso is for weekends only, stay with {product}. Put the {price} you save into fresh beans, you will taste
  that sooner.
answer: The hand grinder is by far the quietest; two minutes for two cups. Of the electric ones {product2} is the
  mildest.
more: Very helpful. Is it in stock in black?
more: And how often does one change the burrs?
answer2: Black is back on {day}; I can put one aside for you.
answer2: At your pace after about five years, so not soon.

topic: subscription | Support | subscription | changed
subject: Pausing my subscription
subject: Change my subscription to {coffee2}
subject: Subscription question
ask: We are away until the end of the month. Could you pause my coffee subscription so that no bag sits on the doormat?
ask: I would like to change my subscription from {coffee} to {coffee2}, and to every {n} weeks. I could not find it
  in my
  account.
ask: I was charged {price} on {day}, but thought I had cancelled the subscription. Could you look into it?
chat: can I pause my subscription?
chat: how do i change from {coffee} to {coffee2}?
answer: Done: your subscription is paused and starts again by itself on the first. Enjoy the time away!
answer: I have changed it: {coffee2}, every {n} weeks, next delivery {day}. You can see it under "My coffee" in your
  account.
answer: I see what happened: the cancellation came in an hour after that week's order. I have refunded the {price}
  and the
  subscription has ended.
more: Lovely, thank you. Will it be freshly roasted then?
more: Perfect. Could the next one come ground for a moka pot?
answer2: Always: we roast on Tuesdays and send on Wednesdays.
answer2: Yes, noted. Medium fine, from the next bag on.

topic: wholesale | Sales | wholesale, quote | quote sent
subject: Coffee for our office
subject: Wholesale prices
subject: Quote for {n} kg a month
ask: We are an office of {n}0 people in {city} and would like {coffee} delivered every two weeks. Do you have prices for
  businesses? A list of what we need is attached.
ask: I run a small cafe in {city} and am looking for a new roaster. We go through about {n} kg a week. Could you send
  prices and perhaps a sample of {coffee}?
chat: do you do wholesale? cafe in {city}
answer: With pleasure. For {n} kg a week you are in our second band: {price} a kilo for {coffee}, delivery included. The
  sheet is attached and samples leave {day}.
answer: Thank you for thinking of us! I have put together an offer with {coffee} and {coffee2}. Would a call on {day}
  suit you?
more: That looks good. Can we pay by monthly invoice?
more: Does that price include a grinder on loan?
answer2: Yes, 14 days net; I only need your company's details.
answer2: From ten kilos a month on, yes.

topic: machine | Support | machine, repair | solved
subject: {product} is leaking
subject: Problem with {product}
subject: How do I descale {product}?
ask: Since {day} my {own} drips from the bottom while it heats up. I have cleaned it twice. Is that a seal?
ask: The pressure of my {own} has become very low, and the coffee runs through in ten seconds. Same beans, same grind.
ask: The light for descaling stays on although I have descaled {product} twice. What am I missing?
chat: my {own} is leaking
chat: how do I descale {product}?
answer: That sounds like the group seal, a two-minute job. I am posting you one today; unscrew the ring, swap it, done.
answer: Let us try this first: grind two steps finer and run a tablet through it. If the pressure is still low after
  that,
  we fetch it for repair, it is under guarantee until {day}.
answer: Hold the middle button for ten seconds after the last rinse; the light only goes out then. The manual hides
  this on
  page {n}.
more: The seal came, but it still drips a little. Here is a photo.
more: That did it, thank you! How often should I do that?
answer2: Thank you, I can see it: the ring needs another quarter turn. If you would rather not, we send the courier.
answer2: Every two months with your water in {city}.

topic: invoice | Support | invoice | invoice sent
subject: Invoice for {order}
subject: VAT invoice
ask: Could you send me an invoice for order {order} with our company name and VAT number? The receipt has only my own
  name.
ask: For our books I need the invoices of the last three months. Could you send them as PDF?
chat: could I have an invoice for {order}?
answer: Of course. The invoice for {order} is attached; I have also saved your company's details for next time.
answer: Here you are. From now on you find them under "Invoices" in your account too.
more: Thank you. The VAT number is missing its last digit, it should end in {n}.
answer2: My mistake, here is the right one.

topic: code | Sales | discount | code given
subject: Discount code does not work
subject: Code {code}
ask: I tried to use {code} on {product} and the page says it has expired. Your newsletter says it is good until {day}.
ask: The code {code} takes off only shipping, not the ten per cent. Am I doing something wrong?
chat: {code} doesn't work
chat: the checkout says my code is expired?
answer: You are right, and it is our fault: the code was switched off a day early. It works again now, and I have added
  free shipping.
answer: {code} does not count for machines, which the newsletter should have said more clearly. Here is one that does:
  {code}-PLUS.
more: It works now. Thank you so much.
more: Does it also hold for {product2}?
answer2: It does, until {day}.

topic: gift | Sales | gift | arranged
subject: Gift wrapping for {order}
subject: A present for my sister
ask: {product} in order {order} is a present. Could you wrap it and put in a card? It should say: "For the slowest
  mornings.
  Love, {first}".
ask: Can I choose the day of delivery? It is a surprise for my partner's birthday on {day} and must not come before.
chat: do you wrap presents?
answer: What a lovely line. It is wrapped in our green paper with your card in it, and no prices anywhere in the box.
answer: Yes: I have set it to arrive on {day} exactly. The mail to the recipient goes out only on that day.
more: Wonderful, you are stars.
answer2: Happy to. Have a great celebration!

topic: wrong | Returns | wrong item | replaced
subject: Wrong item in {order}
subject: I got {product2} instead of {product}
ask: I ordered {product} and got {product2}. Order {order}. The packing slip is right, the content is not.
ask: One bag is missing from {order}: there should be three of {coffee} and there are two.
chat: you sent me the wrong thing. I got {product2}
answer: I am sorry, two boxes were swapped on our table. {product} leaves today; a label for the other one is in your
  account.
answer: Sorry about that. The missing {coffee} is on its way by express, and I have put a small bag of {coffee2} in.
more: Thanks for being so quick. When does the courier come for the other one?
answer2: On {day} between nine and one; you need not print anything.

topic: address | Support | address | changed
subject: Wrong address on {order}
subject: Change of delivery address
ask: I have just noticed that {order} goes to my old flat. Can it still go to the new address in {city}?
ask: We have moved to {city}. Could you change the address for everything from now on?
chat: can I still change the address of {order}?
answer: Caught it in time: {order} now goes to {city}. Your account has the new address as well.
answer: It left this morning, but I have redirected it; it will take one day longer, so {day}.
more: Phew. Thank you!
answer2: You are welcome. Enjoy the new place!

greeting: Hello,
greeting: Hi there,
greeting: Good morning,
greeting: Hi,
greeting: Dear Aurora team,
closing: Thanks, {first}
closing: Best wishes, {name}
closing: Kind regards, {name}
closing: Many thanks, {first}
closing: Cheers, {first}
hello: Hi {first}, thanks for writing.
hello: Hello {first},
hello: Good morning {first},
hello: Hi {first}! {agent} here from Aurora.
bye: Best, {agent}
bye: Warm regards, {agent}
bye: Have a lovely day, {agent}
also: By the way, the {coffee} you recommended last time was wonderful.
also: We have been customers for three years and never had a problem, so this surprised me.
also: I am at work until five, so mail is easier than the phone.
also: Sorry if this is in the FAQ, I could not find it.
nudge: Just following up on this, any news?
nudge: Hello again, I have not heard back yet. Could someone have a look, please?
nudge: Any news? I would like to plan my week.
thanks: Perfect, thank you!
thanks: That is brilliant, thanks for the quick help.
thanks: Great, all sorted then. Have a good weekend!
thanks: It arrived this morning. Thank you, {agent}!
thanks: Thank you, much appreciated 🙏
bot: Thank you for your message. I am out of the office until {day} and will answer when I am back.
note: Called the depot: the parcel is there, they promise tomorrow. @{mate} could you check in the afternoon?
note: Third time this month from {city}. @{mate}, shall we change the courier?
note: Refund is above {price}, @{mate} please approve.
note: Regular customer since the market stall days. Be generous.
note: Checked the account: the address was changed after the order.
note: @{mate} do you know if {product} is back this week?
note: Photo shows a dent from the outside, so the courier pays.
"""
